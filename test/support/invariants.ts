import { Redis } from "ioredis";
import { expect } from "vitest";
import { books } from "./books.ts";
import { eventually } from "./eventually.ts";
import { BYO_KEY, PLATFORM_KEY, type Gateway, type Stack } from "./gateway.ts";
import { upstreamControl } from "./upstream-control.ts";

type Sum = { readonly payer: string; readonly charged: number; readonly in_doubt: number };

/**
 * What must hold when everything has drained, whatever was done to the parts: per upstream key, settled <= the upstream's own count <=
 * settled + in doubt; the rollup equals the group-by; nothing is left in the outbox and no reservation is open.
 */
export async function expectExactMoney(stack: Stack, gateway: Gateway): Promise<void> {
  const { query, rollup, recount } = books(stack.database.url);
  await expectDrained(stack.redis.url, gateway);
  const sums = await query<Sum>(
    `SELECT CASE WHEN upstream_key_id LIKE 'platform-%' THEN 'platform' ELSE 'byo' END AS payer,
            sum(credits_charged)::int AS charged, sum(credits_in_doubt)::int AS in_doubt
     FROM app.usage_events GROUP BY 1`,
    [],
  );
  const { keys } = await upstreamControl(stack.upstream.url).meter();
  for (const [payer, key] of [
    ["platform", PLATFORM_KEY],
    ["byo", BYO_KEY],
  ] as const) {
    const { charged, in_doubt: inDoubt } = sums.find((sum) => sum.payer === payer) ?? { charged: 0, in_doubt: 0 };
    const counted = keys[key]?.charged ?? 0;
    expect(charged, `${payer}: settled <= the upstream's count`).toBeLessThanOrEqual(counted);
    expect(counted, `${payer}: the upstream's count <= settled + in doubt`).toBeLessThanOrEqual(charged + inDoubt);
  }
  for (const { id } of stack.tenants) expect(await rollup(id), "the rollup is the group-by").toEqual(await recount(id));
}

/** The sweep brings what a Worker that was ended left behind. */
async function expectDrained(redisUrl: string, gateway: Gateway): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    await eventually(async () => {
      await gateway.runCrons();
      expect(await redis.exists("tkl:open", "tkl:open-since", "tkl:outbox", "tkl:outbox-since")).toBe(0);
    });
  } finally {
    redis.disconnect();
  }
}
