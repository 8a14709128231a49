import { toCsv, type Cell } from "./csv.ts";
import type { InvoiceAdjustment, InvoiceLine, InvoiceView } from "./statement-resources.ts";

type Row = Partial<Omit<InvoiceLine, "endpoint">> & {
  readonly kind: "endpoint" | "price" | "overage" | "adjustment" | "total";
  /** The endpoint, the plan, or the month that is adjusted. */
  readonly item: string;
  readonly amount_cents?: number;
};

const OF_INVOICE = ["tenant_id", "tenant", "month", "number", "status", "closed_at"] as const;
const OF_ROW = [
  "kind",
  "item",
  "calls",
  "credits_charged",
  "credits_on_own_key",
  "credits_in_doubt",
  "hits",
  "credits_saved",
  "hit_ratio",
  "amount_cents",
] as const;

/**
 * An invoice as one table, in which every row says whose it is. Amounts are on the rows of price, overage and adjustments, which add up to
 * the amount of the total.
 */
export function invoiceCsv(invoice: InvoiceView): string {
  const whose: readonly Cell[] = OF_INVOICE.map((name) => invoice[name]);
  const cellsOf = (row: Row): readonly Cell[] => [
    ...whose,
    ...OF_ROW.map((name) => row[name] ?? null),
    invoice.checksum,
  ];
  return toCsv([[...OF_INVOICE, ...OF_ROW, "checksum"], ...rowsOf(invoice).map(cellsOf)]);
}

function rowsOf(invoice: InvoiceView): readonly Row[] {
  const { lines, plan, adjustments, total } = invoice;
  return [
    ...lines.map(lineRow),
    { kind: "price", item: plan, amount_cents: invoice.price_cents },
    { kind: "overage", item: plan, amount_cents: invoice.overage_cents },
    ...adjustments.map(adjustmentRow),
    { kind: "total", item: plan, ...total, amount_cents: invoice.amount_cents },
  ];
}

function lineRow({ endpoint, ...figures }: InvoiceLine): Row {
  return { kind: "endpoint", item: endpoint, ...figures };
}

function adjustmentRow({ of_month, ...late }: InvoiceAdjustment): Row {
  return { kind: "adjustment", item: of_month, ...late };
}
