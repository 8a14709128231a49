import { describe, expect, it } from "vitest";
import { closedInvoice, type InvoiceFacts } from "../../src/core/invoice.ts";
import { controlPlane, TENANT } from "../support/control-plane.ts";

const facts: InvoiceFacts = {
  tenant_id: TENANT,
  tenant: "=Acme, Ltd",
  created_month: "2025-10",
  deleted_month: null,
  terms: { plan: "pro", key_mode: "shared", included_credits: 250_000, overage_cents_per_thousand_credits: 100 },
  monthly_price_cents: 4_900,
  trial_ends_at: null,
  last_closed_month: "2025-11",
  lines: [
    {
      endpoint: "/userid/",
      calls: 1,
      credits_charged: 1,
      credits_on_own_key: 0,
      credits_in_doubt: 0,
      hits: 3,
      credits_saved: 3,
    },
  ],
  arrears: [],
};

/** On 31 January 2026, when December is not closed yet. */
async function plane() {
  const invoice = await closedInvoice(facts, "2025-11", Date.parse("2025-12-04T00:00:00Z"));
  const { month, number, closed_at, amount_cents, checksum } = invoice;
  const ask = controlPlane({
    statements: {
      invoice: async (_tenantId: string, month: string) => ({ facts, closed: month === "2025-11" ? invoice : null }),
      invoiceMonths: async () => ({
        lifetime: facts,
        closed: [{ month, number, closed_at, amount_cents, checksum }],
      }),
    },
  });
  return {
    invoice,
    ask: (path: string, headers: Readonly<Record<string, string>> = {}) =>
      ask("GET", `/v1/invoices${path}`, { tenant: TENANT, headers }),
  };
}

describe("an invoice", () => {
  it("that is closed is what was kept, and one that is not is what the books say now", async () => {
    const { ask, invoice } = await plane();
    expect((await ask("/2025-11")).body).toEqual(invoice);
    expect((await ask("/2025-12")).body).toMatchObject({ status: "closing", number: 3, checksum: null });
    expect((await ask("/2026-01")).body).toMatchObject({ status: "open", amount_cents: 4_900 });
  });

  it.each([
    { month: "2026-02", status: 404, because: "it has not begun" },
    { month: "2025-09", status: 404, because: "the tenant was not there" },
    { month: "2025-13", status: 400, because: "there is no such month" },
    { month: "2025-1", status: 400, because: "that is no month's form" },
  ])("of $month is $status: $because", async ({ month, status }) => {
    const { ask } = await plane();
    const refused = await ask(`/${month}`);
    expect(refused.status).toBe(status);
    expect(JSON.stringify(refused.body)).toContain(
      status === 404 ? "no invoice of this month" : "is not a month such as",
    );
  });
});

describe("the list of invoices", () => {
  it("has every month since the tenant began, newest first, with what is closed", async () => {
    const { ask, invoice } = await plane();
    const { body } = await ask("");
    expect(body).toEqual({
      next_cursor: null,
      data: [
        { month: "2026-01", number: 4, status: "open", closed_at: null, amount_cents: null, checksum: null },
        { month: "2025-12", number: 3, status: "closing", closed_at: null, amount_cents: null, checksum: null },
        {
          month: "2025-11",
          number: 2,
          status: "closed",
          closed_at: "2025-12-04T00:00:00.000Z",
          amount_cents: 4_900,
          checksum: invoice.checksum,
        },
        { month: "2025-10", number: 1, status: "closing", closed_at: null, amount_cents: null, checksum: null },
      ],
    });
  });

  it("goes on where a page ended", async () => {
    const { ask } = await plane();
    const first = await ask("?limit=3");
    expect(first.body).toMatchObject({ next_cursor: "2025-11", data: { length: 3 } });
    const last = await ask("?limit=3&cursor=2025-11");
    expect(last.body).toMatchObject({ next_cursor: null, data: [{ month: "2025-10" }] });
  });
});

describe("as CSV", () => {
  it.each([
    { format: "?format=csv", accept: undefined, is: "text/csv", because: "the query says so" },
    { format: "", accept: "text/csv", is: "text/csv", because: "nothing else is accepted" },
    { format: "", accept: "text/csv;q=0.4, application/json", is: "application/json", because: "JSON is liked better" },
    { format: "", accept: "*/*", is: "application/json", because: "anything is accepted" },
    { format: "?format=json", accept: "text/csv", is: "application/json", because: "the query says so" },
  ])("with '$format' and Accept $accept it is $is: $because", async ({ format, accept, is }) => {
    const { ask } = await plane();
    const { headers } = await ask(`/2025-11${format}`, accept === undefined ? {} : { accept });
    expect(headers.get("content-type")).toContain(is);
    expect(headers.get("vary")).toBe("Accept");
  });

  it("is a file with a name, in which the tenant's name is text", async () => {
    const { ask } = await plane();
    const { headers, text } = await ask("/2025-11?format=csv");
    expect(headers.get("content-disposition")).toBe('attachment; filename="tikedge-invoice-2025-11.csv"');
    expect(text).toContain(`\r\n${TENANT},"'=Acme, Ltd",2025-11,2,closed,`);
  });
});
