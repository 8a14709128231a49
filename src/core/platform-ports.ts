import type { InvoiceFacts } from "./invoice.ts";
import type { BacklogName, TenantSpending } from "./platform-resources.ts";

/** A tenant as an invoice of the month would be made of it. */
export type SpentFacts = InvoiceFacts & Pick<TenantSpending, "status">;

/** What waits under one name. */
export type Waiting = {
  readonly name: BacklogName;
  readonly waiting: number;
  /** Unix milliseconds; null when nothing waits. */
  readonly sinceMs: number | null;
};

/** What the operator sees of all tenants together. Both throw `Unavailable` when Postgres does not answer. */
export type PlatformBooks = {
  /** Of the tenants that were there in this month by Postgres' clock, those that spent most. */
  spending(most: number): Promise<readonly SpentFacts[]>;
  backlog(): Promise<readonly Waiting[]>;
};

/** What waits in the ledger. Throws `Unavailable` when Redis does not answer. */
export type LedgerBacklog = { backlog(): Promise<readonly Waiting[]> };
