import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/core/canonical-json.ts";
import { closedInvoice, invoiceMonths, invoiceOf, type Arrear, type InvoiceFacts } from "../../src/core/invoice.ts";
import { invoiceCsv } from "../../src/core/invoice-csv.ts";
import { lessCounts, sumOf, type Counts } from "../../src/core/usage-figures.ts";

const none = { calls: 0, credits_charged: 0, credits_on_own_key: 0, credits_in_doubt: 0, hits: 0, credits_saved: 0 };
const pro = {
  plan: "pro",
  key_mode: "shared",
  included_credits: 1_000,
  overage_cents_per_thousand_credits: 100,
} as const;

const facts: InvoiceFacts = {
  tenant_id: "0199c0de-0000-7000-8000-00000000000a",
  tenant: "Acme",
  created_month: "2026-09",
  deleted_month: null,
  terms: pro,
  monthly_price_cents: 4_900,
  trial_ends_at: null,
  last_closed_month: "2026-10",
  lines: [],
  arrears: [],
};
const MID_NOVEMBER = Date.parse("2026-11-15T00:00:00Z");
const DECEMBER = Date.parse("2026-12-04T00:00:00Z");

const spent = (credits_charged: number): InvoiceFacts["lines"][number] => ({
  ...none,
  endpoint: "/userid/",
  calls: credits_charged,
  credits_charged,
});

describe("the amount", () => {
  it.each([
    { charged: 1_000, change: {}, is: 4_900, because: "the plan includes them" },
    { charged: 1_009, change: {}, is: 4_900, because: "a part of a cent is not charged" },
    { charged: 1_010, change: {}, is: 4_901, because: "ten credits are a cent" },
    {
      charged: 9_000,
      change: { terms: { ...pro, included_credits: null } },
      is: 4_900,
      because: "the plan includes all",
    },
    {
      charged: 9_000,
      change: { terms: { ...pro, key_mode: "byo" } },
      is: 5_700,
      because: "they were spent on the platform's keys, whoever's the tenant has come to by now",
    },
    {
      charged: 2_000,
      change: { trial_ends_at: "2026-12-01T00:00:00.000Z" },
      is: 100,
      because: "the trial lasts to the month's end, and the plan's price begins after it",
    },
    {
      charged: 0,
      change: { trial_ends_at: "2026-11-30T23:59:59.999Z" },
      is: 4_900,
      because: "the trial ended within the month",
    },
    { charged: 2_000, change: { deleted_month: "2026-11" }, is: 5_000, because: "the tenant was there" },
    { charged: 2_000, change: { deleted_month: "2026-10" }, is: 100, because: "the tenant was gone before" },
  ] satisfies { charged: number; change: Partial<InvoiceFacts>; is: number; because: string }[])(
    "of $charged credits with $change is $is: $because",
    ({ charged, change, is }) => {
      const invoice = invoiceOf({ ...facts, ...change, lines: [spent(charged)] }, "2026-11", MID_NOVEMBER);
      expect(invoice.amount_cents).toBe(is);
    },
  );

  it.each(["byo", "shared"] as const)(
    "has nothing of what was spent on an own key, by a tenant that is %s by now",
    (key_mode) => {
      const lines = [{ ...spent(9_000), credits_on_own_key: 7_990 }];
      const { amount_cents, overage_credits } = invoiceOf(
        { ...facts, terms: { ...pro, key_mode }, lines },
        "2026-11",
        DECEMBER,
      );
      expect([amount_cents, overage_credits]).toEqual([4_901, 10]);
    },
  );

  it("has nothing of what was spent on an own key and comes in late", () => {
    const booked = { ...spent(3_000), credits_on_own_key: 1_500 };
    const arrear: Arrear = { of_month: "2026-10", booked, invoiced: none, invoiced_cents: 0, terms: pro };
    const { adjustments } = invoiceOf({ ...facts, arrears: [arrear] }, "2026-11", DECEMBER);
    expect(adjustments).toMatchObject([{ credits_charged: 3_000, credits_on_own_key: 1_500, amount_cents: 50 }]);
  });

  it("has nothing of what is in doubt, which is shown beside it", () => {
    const lines = [{ ...spent(1_000), credits_in_doubt: 5_000 }];
    const { amount_cents, total } = invoiceOf({ ...facts, lines }, "2026-11", MID_NOVEMBER);
    expect([amount_cents, total.credits_in_doubt]).toEqual([4_900, 5_000]);
  });
});

describe("the months that have an invoice", () => {
  const lifetime = { created_month: "2026-09", deleted_month: null };
  it.each([
    { lifetime, is: ["2026-11", "2026-10", "2026-09"], because: "it has not begun to be deleted" },
    {
      lifetime: { ...lifetime, deleted_month: "2026-09" },
      is: ["2026-11", "2026-10", "2026-09"],
      because: "for two months after it something may come in",
    },
    {
      lifetime: { created_month: "2026-07", deleted_month: "2026-08" },
      is: ["2026-10", "2026-09", "2026-08", "2026-07"],
      because: "nothing comes in any more",
    },
    { lifetime: { ...lifetime, created_month: "2026-12" }, is: [], because: "the ledger's clock may be behind" },
  ])("of $lifetime are $is: $because", ({ lifetime, is }) => {
    expect(invoiceMonths(lifetime, MID_NOVEMBER)).toEqual(is);
  });
});

it("is open while its month lasts, closing after it, and has the number of its month", () => {
  expect(invoiceOf(facts, "2026-11", MID_NOVEMBER)).toMatchObject({ status: "open", number: 3, closed_at: null });
  expect(invoiceOf(facts, "2026-11", Date.parse("2026-12-01T00:00:00Z")).status).toBe("closing");
});

it("has a checksum that whoever gets it can make, from the members in order and nothing between them", async () => {
  const { checksum, ...document } = await closedInvoice({ ...facts, lines: [spent(3)] }, "2026-11", DECEMBER);
  const sorted = JSON.stringify(document, [...new Set(namesIn(document))].toSorted());
  expect(checksum).toBe(createHash("sha256").update(sorted).digest("hex"));
  expect(document).toMatchObject({ status: "closed", closed_at: "2026-12-04T00:00:00.000Z" });
});

it("canonical JSON is the same for equal values, however they were written down", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const canonical = canonicalJson(value);
      expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(JSON.parse(canonical))).toBe(canonical);
    }),
  );
  expect(canonicalJson({ b: [1, { d: null, c: "é" }], a: 0.5 })).toBe('{"a":0.5,"b":[1,{"c":"é","d":null}]}');
});

it("adds up with its adjustments to what one invoice would have said that knew everything, in any order of arrival", async () => {
  const late = fc.record({ credits: fc.nat({ max: 3_000 }), hits: fc.nat({ max: 9 }), closes: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(late, { minLength: 1, maxLength: 8 }), async (arrivals) => {
      const booked: Counts[] = [];
      const bills: { counts: Counts; cents: number }[] = [];
      let month = "2026-11";
      for (const { credits, hits, closes } of arrivals) {
        booked.push({ ...none, calls: credits, credits_charged: credits, hits, credits_saved: hits });
        if (!closes && month === "2026-11") continue;
        bills.push(await bill(month, booked, bills));
        month = "2027-01";
      }
      bills.push(await bill(month, booked, bills));
      const all = sumOf(booked);
      expect(sumOf(bills.map(({ counts }) => counts))).toEqual(all);
      const atOnce = invoiceOf({ ...facts, lines: [{ endpoint: "/userid/", ...all }] }, "2026-11", DECEMBER);
      expect(bills.reduce((sum, { cents }) => sum + cents, 0)).toBe(atOnce.overage_cents);
    }),
  );
});

it("is a table whose amounts add up to the total's, and whose tenant runs no formula", async () => {
  const arrears: Arrear[] = [
    { of_month: "2026-10", booked: spent(1_500), invoiced: none, invoiced_cents: 0, terms: null },
  ];
  const hostile = { ...facts, tenant: '=HYPERLINK("https://evil.example","x")', lines: [spent(2_000)], arrears };
  const csv = invoiceCsv(await closedInvoice(hostile, "2026-11", DECEMBER));
  const [head, ...rows] = csv.trimEnd().split("\r\n");
  expect(head?.split(",").slice(-3)).toEqual(["hit_ratio", "amount_cents", "checksum"]);
  for (const row of rows) expect(row).toContain(`,"'=HYPERLINK(""https://evil.example"",""x"")",2026-11,3,closed,`);
  const amounts = rows.map((row) => Number(row.split(",").at(-2)));
  expect(amounts).toEqual([0, 4_900, 100, 50, 5_050]);
});

/** What a month's invoice, or a later one's adjustment to it, takes in: the books then, less what was billed before. */
async function bill(month: string, booked: readonly Counts[], bills: readonly { counts: Counts; cents: number }[]) {
  const [all, invoiced] = [sumOf(booked), sumOf(bills.map(({ counts }) => counts))];
  if (month === "2026-11") {
    const { total, overage_cents } = await closedInvoice(
      { ...facts, lines: [{ endpoint: "/userid/", ...all }] },
      month,
      DECEMBER,
    );
    return { counts: total, cents: overage_cents };
  }
  const invoiced_cents = bills.reduce((sum, { cents }) => sum + cents, 0);
  const arrear = { of_month: "2026-11", booked: all, invoiced, invoiced_cents, terms: pro };
  const next = invoiceOf({ ...facts, last_closed_month: "2026-12", arrears: [arrear] }, month, DECEMBER);
  const [adjustment] = next.adjustments;
  expect(adjustment === undefined).toBe(Object.values(lessCounts(all, invoiced)).every((count) => count === 0));
  return adjustment === undefined ? { counts: none, cents: 0 } : { counts: adjustment, cents: adjustment.amount_cents };
}

function namesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const names = Array.isArray(value) ? [] : Object.keys(value);
  return names.concat(Object.values(value).flatMap(namesIn));
}
