import type { Graveyard, Ledger, Log, UsageLedger } from "../core/ports.ts";
import { bury } from "./bury.ts";
import { deliverAgain } from "./deliver-again.ts";
import { recordUsage } from "./record-usage.ts";

/** A queued message, as much of it as consumers use. */
export type Message = {
  readonly id: string;
  readonly body: unknown;
  /** Deliveries so far, this one among them. */
  readonly attempts: number;
  ack(): void;
  retry(options: { readonly delaySeconds: number }): void;
};

export type Batch = { readonly queue: string; readonly messages: readonly Message[] };

export type ConsumePorts = {
  readonly usageLedger: UsageLedger;
  readonly ledger: Ledger;
  readonly graveyard: Graveyard;
  readonly log: Log;
};

/** A queue's dead letters arrive in a queue of their own: a dead-letter queue without a consumer drops them after four days. */
const DEAD = "-dead";

/**
 * Hands a batch to the consumer of its queue. Consumers are idempotent and order-free, for delivery is at least once. Dead letters are
 * recorded like any message when they can be: most are there because an outage outlasted the first queue.
 */
export const consume =
  (ports: ConsumePorts) =>
  async (batch: Batch): Promise<void> => {
    const unrecorded = await recordUsage(ports, batch);
    if (batch.queue.endsWith(DEAD)) return bury(ports, { ...batch, messages: unrecorded });
    for (const message of unrecorded) deliverAgain(message);
  };
