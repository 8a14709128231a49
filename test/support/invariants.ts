import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { books } from "./books.ts";
import { readCounter } from "./counters.ts";
import { eventually } from "./eventually.ts";
import type { Gateway, Stack } from "./gateway.ts";
import { DIRECT_KEY, upstreamControl } from "./upstream-control.ts";

type Sum = { readonly upstream_key_id: string; readonly charged: number; readonly in_doubt: number };

/**
 * What must hold when everything has drained, whatever was done to the parts: per upstream key, settled <= the upstream's own count <=
 * settled + in doubt; the rollup equals the group-by; what the ledger has counted of a tenant is what the books say; nothing is left in the
 * outbox and no reservation is open.
 */
export async function expectExactMoney(stack: Stack, gateway: Gateway): Promise<void> {
  const { query, rollup, recount } = books(stack.database.url);
  await expectDrained(stack.redis.url, gateway);
  const sums = await query<Sum>(
    `SELECT upstream_key_id, sum(credits_charged)::int AS charged, sum(credits_in_doubt)::int AS in_doubt
     FROM app.usage_events GROUP BY 1`,
    [],
  );
  const { keys } = await upstreamControl(stack.upstream.url).meter();
  for (const { name, pays, isOf } of payers(gateway)) {
    const paid = sums.filter(({ upstream_key_id: id }) => isOf(id));
    const charged = paid.reduce((sum, row) => sum + row.charged, 0);
    const inDoubt = paid.reduce((sum, row) => sum + row.in_doubt, 0);
    const counted = Object.entries(keys).reduce((sum, [key, { charged }]) => sum + (pays(key) ? charged : 0), 0);
    expect(charged, `${name}: settled <= the upstream's count`).toBeLessThanOrEqual(counted);
    expect(counted, `${name}: the upstream's count <= settled + in doubt`).toBeLessThanOrEqual(charged + inDoubt);
  }
  // Hits may be booked between the two readings: what does not come right by itself is wrong.
  for (const { id } of stack.tenants)
    await eventually(async () => expect(await rollup(id), "the rollup is the group-by").toEqual(await recount(id)));
  await expectTrueCounters(stack);
}

/** Of every tenant that the ledger has counters of, in the month that they are of. */
async function expectTrueCounters({ redis: { url }, database }: Stack): Promise<void> {
  const { query } = books(database.url);
  const redis = new Redis(url);
  try {
    for (const key of await redis.keys("tkl:tenant:*")) {
      const tenantId = key.replace("tkl:tenant:", "");
      const counter = await readCounter(redis, tenantId);
      if (counter === undefined) continue;
      const [booked] = await query<{ spent: number }>(
        `SELECT coalesce(sum(credits_charged + credits_in_doubt), 0)::int AS spent FROM app.usage_events
         WHERE tenant_id = $1 AND to_char(occurred_at AT TIME ZONE 'UTC', 'YYYYMM') = $2`,
        [tenantId, counter.month],
      );
      expect(counter.monthly, `${key} is what the books say`).toBe(booked?.spent);
    }
  } finally {
    redis.disconnect();
  }
}

/** Each of the Worker's platform keys by itself. The tenants' own are summed: of several stored versions each may be the same key. */
function payers({ platformKeys }: Gateway) {
  const platform = platformKeys.map((mine) => {
    const name = `platform-${createHash("sha256").update(mine).digest("hex").slice(0, 8)}`;
    return { name, pays: (key: string) => key === mine, isOf: (id: string) => id === name };
  });
  const isOwn = (key: string) => !key.startsWith(DIRECT_KEY) && !platformKeys.includes(key);
  return [...platform, { name: "own keys", pays: isOwn, isOf: (id: string) => !id.startsWith("platform-") }];
}

/** The sweep brings what a Worker that was ended left behind. */
async function expectDrained(redisUrl: string, gateway: Gateway): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    await eventually(async () => {
      await gateway.runCrons();
      expect(await redis.exists("tkl:open", "tkl:outbox", "tkl:outbox-since")).toBe(0);
    });
  } finally {
    redis.disconnect();
  }
}
