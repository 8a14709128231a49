import { Hono, type Context } from "hono";
import { accepts } from "hono/accepts";
import * as v from "valibot";
import { invoiceMonths, invoiceOf, listedOpen } from "../core/invoice.ts";
import { invoiceCsv } from "../core/invoice-csv.ts";
import { problems } from "../core/problem.ts";
import type { Services } from "../core/services.ts";
import { InvoiceView, ListedInvoice, Month } from "../core/statement-resources.ts";
import { authorize } from "./authorize.ts";
import { params, query } from "./describe.ts";
import type { AdminEnv } from "./request.ts";
import { found, pageAsked, Paged, pageOf, PageQuery } from "./shapes.ts";

const Format = v.strictObject({ format: v.optional(v.picklist(["json", "csv"])) });

export type InvoicesPorts = Pick<Services, "statements" | "tenants" | "users" | "clock">;

/** What the tenant owes by month. A month that is not closed is computed when it is asked for. */
export const invoicesRoute = (s: InvoicesPorts) => {
  const may = authorize(s);
  return new Hono<AdminEnv>()
    .get(
      "/",
      may("invoices.list", { summary: "List invoices, newest first", responses: { 200: Paged(ListedInvoice) } }),
      query(PageQuery(Month)),
      async (c) => {
        const { lifetime, closed } = found(await s.statements.invoiceMonths(c.var.tenantId));
        const { limit, after } = pageAsked(c.req.valid("query"));
        const months = invoiceMonths(lifetime, s.clock()).filter((month) => after === null || month < after);
        const page = months.slice(0, limit);
        const rows = page.map((month): ListedInvoice => {
          const kept = closed.find((each) => each.month === month);
          return kept === undefined ? listedOpen(month, lifetime, s.clock()) : { ...kept, status: "closed" };
        });
        return c.json(pageOf({ rows, next: months.length > limit ? (page.at(-1) ?? null) : null }));
      },
    )
    .get(
      "/:month",
      may("invoices.get", {
        summary: "Read the invoice of a UTC month, as JSON or CSV",
        responses: { 200: InvoiceView },
        alsoAs: "text/csv",
      }),
      params(v.strictObject({ month: Month })),
      query(Format),
      async (c) => {
        const { month } = c.req.valid("param");
        const invoice = await invoiceAsked(s, { tenantId: c.var.tenantId, month });
        c.header("vary", "Accept");
        if (formatOf(c, c.req.valid("query").format) === "json") return c.json(invoice);
        return c.body(invoiceCsv(invoice), 200, {
          "content-type": "text/csv; charset=utf-8; header=present",
          "content-disposition": `attachment; filename="tikedge-invoice-${month}.csv"`,
        });
      },
    );
};

async function invoiceAsked({ statements, clock }: InvoicesPorts, asked: { tenantId: string; month: string }) {
  const { facts, closed } = found(await statements.invoice(asked.tenantId, asked.month));
  if (closed !== null) return closed;
  const nowMs = clock();
  if (!invoiceMonths(facts, nowMs).includes(asked.month)) throw problems.noInvoice();
  return { ...invoiceOf(facts, asked.month, nowMs), checksum: null };
}

/** What the query says; else what is accepted more gladly, and JSON of two that are equal. */
function formatOf(c: Context<AdminEnv>, named: "json" | "csv" | undefined): "json" | "csv" {
  if (named !== undefined) return named;
  const supports = ["application/json", "text/csv"];
  return accepts(c, { header: "Accept", supports, default: "application/json" }) === "text/csv" ? "csv" : "json";
}
