import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { storeSharedTenant } from "../support/cast.ts";
import { readCounter } from "../support/counters.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { expectExactMoney } from "../support/invariants.ts";
import { upstreamControl } from "../support/upstream-control.ts";

const LEFT = 100;
const SPENT_BEFORE = 5;

/** Nothing else than the quota refuses anybody: room on the upstream's key, and time for a thousand at once. */
const SETTINGS = {
  PLATFORM_KEY_CAPS: "2000",
  UPSTREAM_PER_SECOND: "2000",
  UPSTREAM_DEADLINE_MS: "20000",
  // A thousand at once on two cores, beside other tests: how long each waits is not what this is about.
  REDIS_WAIT_MS: "300000",
  REDIS_COMMAND_MS: "300000",
  DATABASE_TIMEOUT_MS: "300000",
};

describe("a cap is a cap", () => {
  let stack: Stack;
  let gateways: readonly [Gateway, Gateway];

  beforeAll(async () => {
    stack = await startStack();
    gateways = await Promise.all([startGateway(stack, SETTINGS), startGateway(stack, SETTINGS)]);
  });
  afterAll(async () => {
    try {
      await expectExactMoney(stack, gateways[0]);
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await stack.close();
    }
  });

  it.each([
    { calls: 1_000, quota: "daily", plan: "free", monthly: null },
    { calls: 400, quota: "monthly", plan: "pro", monthly: SPENT_BEFORE + LEFT },
  ])(
    "$calls at once over two Workers spend what the $quota quota has left, and not one credit more",
    { timeout: 400_000 },
    async ({ calls, quota, plan, monthly }) => {
      const { query, events, rollup } = books(stack.database.url);
      await query("UPDATE app.plans SET burst_capacity = 10000, burst_refill_per_second = 1000", []);
      await query("UPDATE app.plans SET daily_quota = $1 WHERE name = 'free'", [SPENT_BEFORE + LEFT]);
      const { id, apiKey } = await storeSharedTenant(stack, plan);
      await query("UPDATE app.tenants SET monthly_quota = $2 WHERE id = $1", [id, monthly]);
      const upstream = upstreamControl(stack.upstream.url);
      const ask = async (at: number) => {
        const gateway = gateways[at % 2 === 0 ? 0 : 1];
        const response = await gateway.get(`/userid/?username=${quota}race${at}`, { key: apiKey });
        return {
          status: response.status,
          retryAfter: response.headers.get("retry-after"),
          text: await response.text(),
        };
      };
      for (let at = 0; at < SPENT_BEFORE; at += 1) expect((await ask(calls + at)).status).toBe(200);
      const before = await upstream.calls();

      const answers = await Promise.all(Array.from({ length: calls }, (_, at) => ask(at)));

      const refusals = answers.filter(({ status }) => status === 429);
      // What is neither says why.
      const kind = ({ status, text }: (typeof answers)[number]) =>
        status === 200 || status === 429 ? status : `${status} ${String(JSON.parse(text).detail)}`;
      const times = new Map([...Map.groupBy(answers, kind)].map(([status, of]) => [status, of.length]));
      expect(times).toEqual(
        new Map([
          [200, LEFT],
          [429, calls - LEFT],
        ]),
      );
      expect(await upstream.calls()).toBe(before + LEFT);
      for (const { text, retryAfter } of refusals) {
        expect(JSON.parse(text)).toMatchObject({ "violated-policies": [quota] });
        expect(Number(retryAfter)).toBeGreaterThan(0);
      }
      await eventually(async () => expect(await events(id)).toHaveLength(SPENT_BEFORE + LEFT));
      expect(await rollup(id)).toMatchObject([{ calls: SPENT_BEFORE + LEFT, credits_charged: SPENT_BEFORE + LEFT }]);
      expect(await counted(id)).toEqual([SPENT_BEFORE + LEFT, SPENT_BEFORE + LEFT]);
    },
  );

  /** What the ledger goes by: the day and the month. */
  const counted = async (tenantId: string): Promise<readonly number[]> => {
    const redis = new Redis(stack.redis.url);
    try {
      const counter = await readCounter(redis, tenantId);
      return [Number(counter?.daily), Number(counter?.monthly)];
    } finally {
      redis.disconnect();
    }
  };
});
