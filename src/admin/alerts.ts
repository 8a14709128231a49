import { Hono } from "hono";
import * as v from "valibot";
import { AlertView } from "../core/resources.ts";
import type { Services } from "../core/services.ts";
import { authorize } from "./authorize.ts";
import { query } from "./describe.ts";
import type { AdminEnv } from "./request.ts";
import { pageAsked, Paged, pageOf, PageQuery } from "./shapes.ts";

/** As a list gives it: a time and an id. */
const Place = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z_[0-9a-f-]{36}$/, "is not what a page before said"),
);

export type AlertsPorts = Pick<Services, "alerts" | "tenants" | "users">;

/** What happened to the tenant that somebody should look at: quotas that run out, an upstream key that was refused. */
export const alertsRoute = (s: AlertsPorts) =>
  new Hono<AdminEnv>().get(
    "/",
    authorize(s)("alerts.list", {
      summary: "Read what happened that webhooks may hear of, newest first",
      responses: { 200: Paged(AlertView) },
    }),
    query(PageQuery(Place)),
    async (c) => c.json(pageOf(await s.alerts.list(c.var.tenantId, pageAsked(c.req.valid("query"))))),
  );
