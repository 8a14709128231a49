import { Hono } from "hono";
import * as v from "valibot";
import type { Services } from "../core/services.ts";
import { UsageView } from "../core/statement-resources.ts";
import { usageOf } from "../core/usage-figures.ts";
import { authorize } from "./authorize.ts";
import { query } from "./describe.ts";
import type { AdminEnv } from "./request.ts";
import { found } from "./shapes.ts";
import { SpanQuery, spanAsked } from "./span.ts";

const UsageQuery = v.strictObject({
  ...SpanQuery.entries,
  group: v.optional(UsageView.entries.group, "day"),
});

export type UsagePorts = Pick<Services, "statements" | "tenants" | "users" | "clock">;

/** What the tenant used, from the daily rollup: the same books that invoices are made from. By key it is from counts beside them. */
export const usageRoute = (s: UsagePorts) =>
  new Hono<AdminEnv>().get(
    "/",
    authorize(s)("usage.get", {
      summary: "Read what was used between two UTC days, both included; without them, in this month",
      responses: { 200: UsageView },
    }),
    query(UsageQuery),
    async (c) => {
      const { group, ...span } = c.req.valid("query");
      const asked = { ...spanAsked(span, s.clock()), group };
      return c.json(usageOf(asked, found(await s.statements.usage(c.var.tenantId, asked))));
    },
  );
