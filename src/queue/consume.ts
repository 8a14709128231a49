import type { Graveyard, Ledger, Log, UsageLedger } from "../core/ports.ts";
import { bury } from "./bury.ts";
import { recordUsage } from "./record-usage.ts";

/** A queued message, as much of it as consumers use. */
export type Message = { readonly id: string; readonly body: unknown; ack(): void; retry(): void };

export type Batch = { readonly queue: string; readonly messages: readonly Message[] };

export type ConsumePorts = {
  readonly usageLedger: UsageLedger;
  readonly ledger: Ledger;
  readonly graveyard: Graveyard;
  readonly log: Log;
};

/** A queue's dead letters arrive in a queue of their own: a dead-letter queue without a consumer drops them after four days. */
const DEAD = "-dead";

/** Hands a batch to the consumer of its queue. Consumers are idempotent and order-free, for delivery is at least once. */
export const consume =
  (ports: ConsumePorts) =>
  async (batch: Batch): Promise<void> => {
    if (batch.queue.endsWith(DEAD)) return bury(ports, batch);
    return recordUsage(ports, batch);
  };
