import { Hono } from "hono";
import type { Context } from "hono";
import * as v from "valibot";
import type { Ask } from "../answer/answer.ts";
import { foretell } from "../answer/foretell.ts";
import { inspect } from "../answer/inspect.ts";
import { keyOf, payerOf } from "../answer/payer.ts";
import type { Call } from "../core/catalogue.ts";
import { Unavailable } from "../core/control-ports.ts";
import { NO_DEMAND } from "../core/directives.ts";
import { ExplanationView } from "../core/explanation.ts";
import type { Services } from "../core/services.ts";
import type { Tenant } from "../core/tenant.ts";
import { authorize } from "./authorize.ts";
import { callAt, CallPath, refuseUnreadable } from "./call-at.ts";
import { query } from "./describe.ts";
import { explanationOf, keyView } from "./explain-view.ts";
import { burstOf, spentOf } from "./limits.ts";
import type { AdminEnv } from "./request.ts";
import { found } from "./shapes.ts";

export type ExplainPorts = Pick<
  Services,
  | "tenants"
  | "users"
  | "tenantRecords"
  | "upstreamKeys"
  | "memory"
  | "colo"
  | "redis"
  | "confirm"
  | "memoryMs"
  | "outageMs"
  | "derives"
  | "limiter"
  | "counters"
  | "spendingBooks"
  | "namespaceVersion"
  | "platformDownloadTier"
  | "windowOverrides"
  | "staleIfErrorMs"
  | "clock"
  | "log"
>;

/** What would happen to a call if the tenant asked it now, and why. Spends nothing and changes nothing. */
export const explainRoute = (s: ExplainPorts) =>
  new Hono<AdminEnv>().get(
    "/",
    authorize(s)("cache.explain", {
      summary: "Say what would happen to a call if it were asked now, and why; spends nothing",
      responses: { 200: ExplanationView },
    }),
    query(v.strictObject({ path: CallPath })),
    async (c) => {
      const call = callAt(c.req.valid("query").path);
      refuseUnreadable(c.var.caller, call);
      const tenant = await tenantOf(s, c.var.tenantId);
      const ask = askOf(c, call, payerOf(tenant, s.platformDownloadTier));
      const key = keyOf(s, ask);
      // As before any request: near copies are weighed by what the log of changes says.
      await s.confirm.refresh(ask.wait, ask.background)?.done();
      const [inspected, known, burst, opened] = await Promise.all([
        inspect(s, { key, ask }),
        spentOf(s, tenant.id),
        burstOf(s, tenant),
        s.upstreamKeys.open(ask.payer.upstreamKey),
      ]);
      const means = { hasUpstreamKey: opened.kind === "opened", spending: known.isLedgerUp ? known : undefined };
      const foretold = foretell(s, ask, { found: inspected.found, means });
      const explanation = explanationOf(s, { ask, tenant, inspected, foretold, known, burst, opened });
      return c.json(c.var.caller.kind === "operator" ? { ...explanation, key: await keyView(key) } : explanation);
    },
  );

/** Read anew, so that an explanation is never of before a change. */
async function tenantOf({ tenantRecords }: ExplainPorts, tenantId: string): Promise<Tenant> {
  const looked = await tenantRecords.find(tenantId);
  if (looked.kind === "unavailable") throw new Unavailable("the tenant cannot be read");
  return found(looked.kind === "found" ? looked.tenant : undefined);
}

function askOf(c: Context<AdminEnv>, call: Call, payer: Ask["payer"]): Ask {
  return {
    call,
    payer,
    demand: NO_DEMAND,
    priority: "interactive",
    requestId: c.var.requestId,
    wait: c.var.wait,
    background: (promise) => c.executionCtx.waitUntil(promise),
  };
}
