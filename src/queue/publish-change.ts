import type { Change } from "../core/changes.ts";
import type { ChangeLog, ControlMessage } from "../core/control-ports.ts";
import type { Counters, SpendingBooks } from "../core/ledger.ts";
import type { Log } from "../core/ports.ts";
import { retryDelaySeconds } from "./bury.ts";
import type { Consumed } from "./consume.ts";

export type PublishPorts = {
  readonly changes: ChangeLog;
  readonly counters: Pick<Counters, "setStatus">;
  readonly spendingBooks: Pick<SpendingBooks, "of">;
  readonly clock: () => number;
  readonly log: Log;
};

/** How often a message was delivered, this time included, and when it was sent. */
export type Delivered = { readonly attempts: number; readonly timestamp: Date };

const FIRST_MINUTE = 30;
const HASTE_SECONDS = 2;

/** Longer than anybody waits for a statement (`DATABASE_TIMEOUT_MS`), and with the first delay still within the bound on revocation. */
const LATE_COMMIT_MS = 6_000;

/**
 * Publishes a change again, or for the first time if the Worker that made it was ended between commit and publishing, or had no Redis. And
 * once more when the last moment is over at which it may commit: a statement that nobody waited for any longer commits after all of that, and
 * what was read from Postgres in between would be vouched for though it is old. Publishing twice is harmless: what it is about is read once more. The ledger is told what a tenant may,
 * as Postgres has it by then.
 */
export async function publishChange(
  ports: PublishPorts,
  { change }: Extract<ControlMessage, { kind: "change" }>,
  { attempts, timestamp }: Delivered,
): Promise<Consumed> {
  const published = await ports.changes.publish([change]);
  const isTold = await tellLedger(ports, change);
  if (published === "unavailable" || !isTold) return { kind: "again", afterSeconds: publishAgainSeconds(attempts) };
  const earlyMs = timestamp.getTime() + LATE_COMMIT_MS - ports.clock();
  return earlyMs > 0 ? { kind: "again", afterSeconds: Math.ceil(earlyMs / 1_000) } : { kind: "done" };
}

async function tellLedger({ counters, spendingBooks, log }: PublishPorts, change: Change): Promise<boolean> {
  if (change.kind !== "tenant") return true;
  try {
    const booked = await spendingBooks.of(change.tenantId);
    if (booked !== undefined) await counters.setStatus(booked.tenantId, booked.status);
    return true;
  } catch (error) {
    log.error("ledger-not-told", { error, tenantId: change.tenantId });
    return false;
  }
}

/** In the first minute without patience, for a revoked key may still be let in; after that an outage has to be outlasted. */
export function publishAgainSeconds(attempts: number): number {
  if (attempts <= 1) return 1;
  return attempts <= FIRST_MINUTE ? HASTE_SECONDS : retryDelaySeconds(attempts - FIRST_MINUTE + 1);
}
