import type { Counters, Spent, SpendingBooks } from "../core/ledger.ts";
import { Unavailable } from "../core/control-ports.ts";
import { burstBucket } from "../core/key-rights.ts";
import type { BucketGauge, Log } from "../core/ports.ts";
import { burstWindow } from "../core/quota.ts";
import type { QuotaView } from "../core/statement-resources.ts";
import type { Tenant } from "../core/tenant.ts";
import { found } from "./shapes.ts";

export type LimitPorts = {
  readonly limiter: BucketGauge;
  readonly counters: Counters;
  readonly spendingBooks: SpendingBooks;
  readonly clock: () => number;
  readonly log: Log;
};

/** What is left of a tenant's bucket. Nothing while the limiter does not answer: no figure is invented. */
export async function burstOf({ limiter, clock }: LimitPorts, { id, burst }: Pick<Tenant, "id" | "burst">) {
  const bucket = burstBucket(burst);
  const level = await limiter.peek(id, bucket);
  return level === undefined ? [] : [burstWindow(bucket, level, clock())];
}

export type Known = {
  readonly source: QuotaView["source"];
  /** Whether the ledger answered: counters that are missing it would make from the books. */
  readonly isLedgerUp: boolean;
  readonly spent: Spent;
  readonly nowMs: number;
};

/** By the ledger; by the books when its counters are missing, which is not zero, or when it does not answer. */
export async function spentOf({ counters, spendingBooks, log }: LimitPorts, tenantId: string): Promise<Known> {
  const counted = await countedBy(counters, tenantId, log);
  if (counted !== undefined && counted !== "unavailable") return { source: "ledger", isLedgerUp: true, ...counted };
  return { source: "books", isLedgerUp: counted === undefined, ...(await bookedIn(spendingBooks, tenantId)) };
}

async function countedBy(counters: Counters, tenantId: string, log: Log) {
  try {
    return await counters.read(tenantId);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    log.error("counters-not-read", { error });
    return "unavailable";
  }
}

async function bookedIn(books: SpendingBooks, tenantId: string) {
  const { spent, day } = found(await books.of(tenantId));
  return { spent, nowMs: Date.parse(day) };
}
