import { Hono } from "hono";
import { TenantView } from "../../core/resources.ts";
import { QuotaView, UsageView } from "../../core/statement-resources.ts";
import { pageResponse } from "../render.ts";
import type { Ask } from "../session/ask.ts";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Dashboard } from "./frame.tsx";
import { Quotas } from "./quotas.tsx";
import { ByDay, Figures, HitsByTier, TopEndpoints } from "./usage-views.tsx";

/** What a tenant's owner looks at first: this month, in UTC, as the books have it. */
export const overviewRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>().get("/", ...signedIn(s, "tenant"), async (c) => {
    const { ask, guard, session } = c.var;
    const { tenant, quota, days, endpoints } = await load(ask);
    return pageResponse(
      <Dashboard title="Overview" part="/dashboard" who={session} guard={guard}>
        <p class="lead">
          {tenant.name}, plan {tenant.plan},{" "}
          {tenant.key_mode === "byo" ? "on its own upstream key" : "on shared upstream keys"}
        </p>
        <h2>This month</h2>
        <Figures usage={days} />
        <ByDay id="month" usage={days} />
        <h2>Where answers came from</h2>
        <HitsByTier usage={days} />
        <h2>What is left</h2>
        <Quotas quota={quota} nowMs={s.clock()} />
        <h2>Top endpoints</h2>
        <TopEndpoints usage={endpoints} />
      </Dashboard>,
    );
  });

async function load(ask: Ask) {
  const [tenant, quota, days, endpoints] = await Promise.all([
    ask.get("/v1/tenant", TenantView),
    ask.get("/v1/quota", QuotaView),
    ask.get("/v1/usage?group=day", UsageView),
    ask.get("/v1/usage?group=endpoint", UsageView),
  ]);
  return { tenant, quota, days, endpoints };
}
