import type { Act, Acted } from "./act.ts";
import type { Page, PageOf } from "./control-ports.ts";
import type { InvoiceFacts, Lifetime } from "./invoice.ts";
import type { InvoiceView, ReadingView } from "./statement-resources.ts";
import type { BookedLatency } from "./latency.ts";
import type { BookedUsage, Span, UsageAsked } from "./usage-figures.ts";

/** What tenants used and owe, by the rollup. All throw `Unavailable` when Postgres does not answer. */
export type Statements = {
  /** Nothing for a tenant that never was; a deleted one keeps its usage. Rows are in order of their group. */
  usage(tenantId: string, asked: UsageAsked): Promise<BookedUsage | undefined>;
  /** Nothing for a tenant that never was. */
  latency(tenantId: string, span: Span): Promise<BookedLatency | undefined>;
  /** Nothing for a tenant that never was. */
  invoiceMonths(
    tenantId: string,
  ): Promise<{ readonly lifetime: Lifetime; readonly closed: readonly ClosedMonth[] } | undefined>;
  /** What the books say of a month, and its invoice if that is closed; nothing for a tenant that never was. */
  invoice(
    tenantId: string,
    month: string,
  ): Promise<{ readonly facts: InvoiceFacts; readonly closed: InvoiceView | null } | undefined>;
  /** Keeps a closed invoice for good. False when the month has one: then nothing is changed. */
  keep(invoice: InvoiceView): Promise<boolean>;
  /** Of each tenant the month that is closed next, if it ended before `endedBeforeMs`; oldest first. */
  due(endedBeforeMs: number, limit: number): Promise<readonly DueInvoice[]>;
};

/** As a list shows it. */
export type ClosedMonth = Pick<InvoiceView, "month" | "number" | "closed_at" | "amount_cents" | "checksum">;

export type DueInvoice = { readonly tenantId: string; readonly month: string };

export type NewReading = Pick<ReadingView, "id" | "upstream_key_id" | "balance" | "bought" | "read_at">;

/** The last reading of a key, and what the books say that it spent since. Credits. */
export type Spending = {
  readonly reading: Pick<ReadingView, "id" | "balance" | "read_at">;
  readonly charged: number;
  readonly inDoubt: number;
  /** Charged in the 24 hours before it was asked. */
  readonly chargedLastDay: number;
};

/** What the operator read of the balances of the platform's keys. All throw `Unavailable` when Postgres does not answer. */
export type KeyReadings = {
  /** A conflict when there is one of that time or a later one. */
  add(act: Act, reading: NewReading): Promise<Acted<ReadingView>>;
  /** Newest first. */
  list(upstreamKeyId: string, page: Page): Promise<PageOf<ReadingView>>;
  /** Nothing when the key was never read. */
  spending(upstreamKeyId: string, nowMs: number): Promise<Spending | undefined>;
  /** Notes that the operator is told of a low balance; a conflict when this event was noted before. */
  noteLow(act: Act): Promise<Acted<unknown>>;
};
