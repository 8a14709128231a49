import { Hono } from "hono";
import { quotaWindows } from "../core/quota.ts";
import type { TenantView } from "../core/resources.ts";
import type { Services } from "../core/services.ts";
import { QuotaView } from "../core/statement-resources.ts";
import { authorize } from "./authorize.ts";
import { burstOf, spentOf, type LimitPorts } from "./limits.ts";
import type { AdminEnv } from "./request.ts";
import { found } from "./shapes.ts";

export type QuotaPorts = LimitPorts & Pick<Services, "tenants" | "users">;

/** What is left of the tenant's limits. `burst` is left out while the limiter does not answer: no figure is invented. */
export const quotaRoute = (s: QuotaPorts) =>
  new Hono<AdminEnv>().get(
    "/",
    authorize(s)("quota.get", { summary: "Read what is left of each limit", responses: { 200: QuotaView } }),
    async (c) => {
      const { tenantId } = c.var;
      const tenant = found(await s.tenants.find(tenantId));
      const [burst, { source, spent, nowMs }] = await Promise.all([burstOfPlan(s, tenant), spentOf(s, tenantId)]);
      const quotas = { daily: tenant.daily_quota, monthly: tenant.monthly_quota };
      return c.json({ source, data: [...burst, ...quotaWindows(quotas, spent, nowMs)] });
    },
  );

async function burstOfPlan(s: QuotaPorts, { id, plan }: TenantView) {
  const own = (await s.tenants.plans()).find(({ name }) => name === plan);
  if (own === undefined) return [];
  return burstOf(s, { id, burst: { capacity: own.burst_capacity, refillPerSecond: own.burst_refill_per_second } });
}
