import { Hono } from "hono";
import * as v from "valibot";
import { problems } from "../core/problem.ts";
import type { Services } from "../core/services.ts";
import { Day, UsageView } from "../core/statement-resources.ts";
import { usageOf, type UsageAsked } from "../core/usage-figures.ts";
import { utcDay } from "../core/key-rights.ts";
import { countDays } from "../core/utc.ts";
import { authorize } from "./authorize.ts";
import { query } from "./describe.ts";
import type { AdminEnv } from "./request.ts";
import { found } from "./shapes.ts";

const MOST_DAYS = 366;

const UsageQuery = v.strictObject({
  from: v.optional(Day),
  to: v.optional(Day),
  group: v.optional(UsageView.entries.group, "day"),
});

export type UsagePorts = Pick<Services, "statements" | "tenants" | "users" | "clock">;

/** What the tenant used, from the daily rollup: the same books that invoices are made from. */
export const usageRoute = (s: UsagePorts) =>
  new Hono<AdminEnv>().get(
    "/",
    authorize(s)("usage.get", {
      summary: "Read what was used between two UTC days, both included; without them, in this month",
      responses: { 200: UsageView },
    }),
    query(UsageQuery),
    async (c) => {
      const asked = spanAsked(c.req.valid("query"), s.clock());
      return c.json(usageOf(asked, found(await s.statements.usage(c.var.tenantId, asked))));
    },
  );

function spanAsked({ from: given, to, group }: v.InferOutput<typeof UsageQuery>, nowMs: number): UsageAsked {
  const last = to ?? utcDay(nowMs);
  const from = given ?? `${last.slice(0, 7)}-01`;
  if (from > last) refuse("from", `is after ${last}`);
  if (countDays(from, last) > MOST_DAYS) refuse("from", `is more than ${MOST_DAYS} days before ${last}`);
  return { from, to: last, group };
}

function refuse(name: string, reason: string): never {
  throw problems.invalidParameters([{ name, reason }]);
}
