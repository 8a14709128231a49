import { Hono } from "hono";
import type { Counters, Spent, SpendingBooks } from "../core/ledger.ts";
import { Unavailable } from "../core/control-ports.ts";
import { burstBucket } from "../core/key-rights.ts";
import type { Log } from "../core/ports.ts";
import { burstWindow, quotaWindows } from "../core/quota.ts";
import type { TenantView } from "../core/resources.ts";
import type { Services } from "../core/services.ts";
import { QuotaView } from "../core/statement-resources.ts";
import { authorize } from "./authorize.ts";
import type { AdminEnv } from "./request.ts";
import { found } from "./shapes.ts";

export type QuotaPorts = Pick<
  Services,
  "tenants" | "users" | "limiter" | "counters" | "spendingBooks" | "clock" | "log"
>;

/** What is left of the tenant's limits. `burst` is left out while the limiter does not answer: no figure is invented. */
export const quotaRoute = (s: QuotaPorts) =>
  new Hono<AdminEnv>().get(
    "/",
    authorize(s)("quota.get", { summary: "Read what is left of each limit", responses: { 200: QuotaView } }),
    async (c) => {
      const { tenantId } = c.var;
      const tenant = found(await s.tenants.find(tenantId));
      const [burst, { source, spent, nowMs }] = await Promise.all([burstOf(s, tenant), spentOf(s, tenantId)]);
      const quotas = { daily: tenant.daily_quota, monthly: tenant.monthly_quota };
      return c.json({ source, data: [...burst, ...quotaWindows(quotas, spent, nowMs)] });
    },
  );

async function burstOf({ tenants, limiter, clock }: QuotaPorts, { id, plan }: TenantView) {
  const own = (await tenants.plans()).find(({ name }) => name === plan);
  if (own === undefined) return [];
  const bucket = burstBucket({ capacity: own.burst_capacity, refillPerSecond: own.burst_refill_per_second });
  const level = await limiter.peek(id, bucket);
  return level === undefined ? [] : [burstWindow(bucket, level, clock())];
}

type Known = { readonly source: QuotaView["source"]; readonly spent: Spent; readonly nowMs: number };

/** By the ledger; by the books when its counters are missing, which is not zero, or when it does not answer. */
async function spentOf(s: QuotaPorts, tenantId: string): Promise<Known> {
  const counted = await countedBy(s.counters, tenantId, s.log);
  if (counted !== undefined) return { source: "ledger", ...counted };
  return { source: "books", ...(await bookedIn(s.spendingBooks, tenantId)) };
}

async function countedBy(counters: Counters, tenantId: string, log: Log) {
  try {
    return await counters.read(tenantId);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    log.error("counters-not-read", { error });
    return undefined;
  }
}

async function bookedIn(books: SpendingBooks, tenantId: string) {
  const { spent, day } = found(await books.of(tenantId));
  return { spent, nowMs: Date.parse(day) };
}
