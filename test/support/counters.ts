import type { Redis } from "ioredis";

/** What the ledger says of a tenant, as it stands in its Redis: windows as `20260131` and `202601`, credits. */
export type Counter = {
  readonly status: string;
  readonly day: string;
  readonly daily: number;
  readonly month: string;
  readonly monthly: number;
};

/** Nothing for a tenant without counts. */
export async function readCounter(redis: Redis, tenantId: string): Promise<Counter | undefined> {
  const [status = "", day = "", daily, month = "", monthly] = ((await redis.get(keyOf(tenantId))) ?? "").split(" ");
  return monthly === undefined ? undefined : { status, day, daily: Number(daily), month, monthly: Number(monthly) };
}

/** Changes what the ledger says, as a loss in Redis or somebody's hand might. */
export async function changeCounter(redis: Redis, tenantId: string, changes: Partial<Counter>): Promise<void> {
  const known = await readCounter(redis, tenantId);
  if (known === undefined) throw new Error("the tenant has no counts");
  const { status, day, daily, month, monthly } = { ...known, ...changes };
  await redis.set(keyOf(tenantId), [status, day, daily, month, monthly].join(" "));
}

function keyOf(tenantId: string): string {
  return `tkl:tenant:${tenantId}`;
}
