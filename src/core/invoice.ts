import { sha256, toHex } from "./bytes.ts";
import { canonicalJson } from "./canonical-json.ts";
import type {
  InvoiceAdjustment,
  InvoiceDocument,
  InvoiceLine,
  InvoiceView,
  ListedInvoice,
} from "./statement-resources.ts";
import { figuresOf, isNothing, lessCounts, platformCredits, sumOf, type Counts } from "./usage-figures.ts";
import { monthOf, monthsAfter, monthsBetween, monthStartMs } from "./utc.ts";

/** By what credits are priced. */
type Terms = Pick<InvoiceDocument, "plan" | "key_mode" | "included_credits" | "overage_cents_per_thousand_credits">;

/** From when to when a tenant is there, UTC months. */
export type Lifetime = {
  readonly created_month: string;
  /** Null while it is there. */
  readonly deleted_month: string | null;
};

/** A past month of which the books say more than its invoice and what was adjusted since. */
export type Arrear = {
  readonly of_month: string;
  readonly booked: Counts;
  readonly invoiced: Counts;
  /** For credits beyond the plan, adjustments included. */
  readonly invoiced_cents: number;
  /** Of that month's invoice; null when it had none, for it was before the tenant's first one. */
  readonly terms: Terms | null;
};

/** What the books say of a tenant's month. */
export type InvoiceFacts = Lifetime & {
  readonly tenant_id: string;
  readonly tenant: string;
  readonly terms: Terms;
  readonly monthly_price_cents: number;
  readonly trial_ends_at: string | null;
  readonly last_closed_month: string | null;
  readonly lines: readonly (Counts & { readonly endpoint: string })[];
  readonly arrears: readonly Arrear[];
};

/** For so many months after its last one a deleted tenant has invoices, without a price: usage may come in more than a month late. */
export const MONTHS_AFTER_DELETION = 2;

/** The months that have an invoice, closed or not, newest first. */
export function invoiceMonths({ created_month, deleted_month }: Lifetime, nowMs: number): readonly string[] {
  const current = monthOf(nowMs);
  const end = deleted_month === null ? current : monthsAfter(deleted_month, MONTHS_AFTER_DELETION);
  const count = monthsBetween(created_month, end < current ? end : current) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, at) => monthsAfter(created_month, count - 1 - at));
}

/** A month's row in the list, when it is not closed. */
export function listedOpen(month: string, { created_month }: Lifetime, nowMs: number): ListedInvoice {
  const number = monthsBetween(created_month, month) + 1;
  return { month, number, status: openStatus(month, nowMs), closed_at: null, amount_cents: null, checksum: null };
}

/** The month whose invoice is closed next: none is left out, so that what comes in late has one place to go. */
export function nextToClose({ last_closed_month, created_month }: InvoiceFacts): string {
  return last_closed_month === null ? created_month : monthsAfter(last_closed_month, 1);
}

/** The invoice of a month that is not closed, as the books are now. */
export function invoiceOf(facts: InvoiceFacts, month: string, nowMs: number): InvoiceDocument {
  const { terms, lines } = facts;
  const total = sumOf(lines);
  const price_cents = priceOf(facts, month);
  const overage_cents = overageCents(terms, total);
  const adjustments = month === nextToClose(facts) ? facts.arrears.flatMap((arrear) => adjustment(arrear, terms)) : [];
  return {
    tenant_id: facts.tenant_id,
    tenant: facts.tenant,
    month,
    status: openStatus(month, nowMs),
    number: monthsBetween(facts.created_month, month) + 1,
    closed_at: null,
    ...terms,
    lines: lines.map(invoiceLine),
    total: figuresOf(total),
    price_cents,
    overage_credits: overageCredits(terms, total),
    overage_cents,
    adjustments,
    amount_cents: adjustments.reduce((sum, { amount_cents }) => sum + amount_cents, price_cents + overage_cents),
  };
}

/** The same, closed at a time: from then on it is what was billed. */
export async function closedInvoice(facts: InvoiceFacts, month: string, atMs: number): Promise<InvoiceView> {
  const closed_at = new Date(atMs).toISOString();
  const document: InvoiceDocument = { ...invoiceOf(facts, month, atMs), status: "closed", closed_at };
  return { ...document, checksum: await checksumOf(document) };
}

/** Hex SHA-256 of the document's canonical JSON. */
export async function checksumOf(document: InvoiceDocument): Promise<string> {
  return toHex(await sha256(canonicalJson(document)));
}

function openStatus(month: string, nowMs: number): "open" | "closing" {
  return nowMs < monthStartMs(monthsAfter(month, 1)) ? "open" : "closing";
}

function invoiceLine(line: Counts & { readonly endpoint: string }): InvoiceLine {
  return { endpoint: line.endpoint, ...figuresOf(line) };
}

/** A month is paid in full or not at all: not when a trial covers it to its end, and not after the tenant was deleted. */
function priceOf({ trial_ends_at, deleted_month, monthly_price_cents }: InvoiceFacts, month: string): number {
  const isTrial = trial_ends_at !== null && Date.parse(trial_ends_at) >= monthStartMs(monthsAfter(month, 1));
  const isOver = deleted_month !== null && month > deleted_month;
  return isTrial || isOver ? 0 : monthly_price_cents;
}

/** By whose key each credit was spent on, and not by whose the tenant is on by now: it may have changed in the midst of the month. */
function overageCredits({ included_credits }: Terms, counts: Counts): number {
  return included_credits === null ? 0 : Math.max(0, platformCredits(counts) - included_credits);
}

/** Whole cents; a part of a cent is not charged. */
function overageCents(terms: Terms, counts: Counts): number {
  const thousandths = overageCredits(terms, counts) * terms.overage_cents_per_thousand_credits;
  return (thousandths - (thousandths % 1_000)) / 1_000;
}

/**
 * Priced by the terms of its own month, as the difference to what that month has cost so far: so the invoice and its adjustments together
 * cost what one invoice would have that knew everything, however many times something came in.
 */
function adjustment(arrear: Arrear, current: Terms): readonly InvoiceAdjustment[] {
  const { of_month, booked, invoiced, invoiced_cents, terms } = arrear;
  const late = lessCounts(booked, invoiced);
  if (isNothing(late)) return [];
  const amount_cents = overageCents(terms ?? current, booked) - invoiced_cents;
  return [{ of_month, ...late, amount_cents }];
}
