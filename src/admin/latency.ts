import { Hono } from "hono";
import { latencyOf } from "../core/latency.ts";
import type { Services } from "../core/services.ts";
import { LatencyView } from "../core/statement-resources.ts";
import { authorize } from "./authorize.ts";
import { query } from "./describe.ts";
import type { AdminEnv } from "./request.ts";
import { found } from "./shapes.ts";
import { SpanQuery, spanAsked } from "./span.ts";

export type LatencyPorts = Pick<Services, "statements" | "tenants" | "users" | "clock">;

/** How long the tenant's requests took. */
export const latencyRoute = (s: LatencyPorts) =>
  new Hono<AdminEnv>().get(
    "/",
    authorize(s)("latency.get", {
      summary: "Read how long requests took between two UTC days, both included; without them, in this month",
      responses: { 200: LatencyView },
    }),
    query(SpanQuery),
    async (c) => {
      const span = spanAsked(c.req.valid("query"), s.clock());
      return c.json(latencyOf(span, found(await s.statements.latency(c.var.tenantId, span))));
    },
  );
