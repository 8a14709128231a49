import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COSTS, type Cost } from "../../bench/costs.ts";
import type { Counted } from "./costs/count-costs.ts";
import { HITS, startGround } from "./costs/ground.ts";
import { POSTS, WAYS, type Way } from "./costs/ways.ts";
import { WAYS_BEHIND } from "./costs/ways-behind.ts";

const ALL = [...WAYS, ...WAYS_BEHIND];

/** Sizes of answers differ with what was asked for, and by some digits. */
const ROUGHLY = { part: 0.15, bytes: 50 };

describe("what a request asks for outside its isolate", () => {
  let ground: Awaited<ReturnType<typeof startGround>>;
  beforeAll(async () => {
    ground = await startGround();
  });
  afterAll(() => ground.close());

  it.each(ALL)("is as the table of costs has it: $name", async (way) => {
    const { cost, recording } = await counted(way);
    const { redisBytes, bodyBytes, ...exactly } = COSTS[way.name];
    expect(cost, JSON.stringify(recording.operations)).toMatchObject(exactly);
    expectRoughly(cost, { redisBytes, bodyBytes });
  });

  it("has every class of the table", () => {
    expect(new Set(ALL.map(({ name }) => name))).toEqual(new Set(Object.keys(COSTS)));
  });

  it("is a message for all the hits that a setting lets wait, because one a hit would cost more than the hit", async () => {
    const { counter, key } = ground;
    const ask = () => counter.get(`${POSTS}1`, { key });
    await counter.count(ask);
    const { cost } = await counter.count(async () => {
      for (let asked = 0; asked < 475; asked += 25) await Promise.all(Array.from({ length: 25 }, ask));
      for (let asked = 475; asked < 499; asked += 1) expect((await ask()).status).toBe(200);
      return ask();
    });
    expect(cost.messages).toBe(500 / HITS);
    expect(cost.cacheOperations + cost.dispatches).toBe(0);
  });

  /** Whether a token is held is a matter of moments. */
  async function counted({ token, go }: Way): Promise<Counted> {
    for (let number = 1; ; number += 1) {
      const counted = await go(ground, number);
      const hasAsked = counted.recording.operations.some(({ kind }) => kind === "limiter");
      if (token !== undefined || !hasAsked) return counted;
    }
  }
});

function expectRoughly(cost: Cost, stated: Pick<Cost, "redisBytes" | "bodyBytes">): void {
  for (const field of ["redisBytes", "bodyBytes"] as const) {
    const off = Math.abs(cost[field] - stated[field]);
    expect(off, `${field}: ${cost[field]}`).toBeLessThanOrEqual(stated[field] * ROUGHLY.part + ROUGHLY.bytes);
  }
}
