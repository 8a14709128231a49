import { describe, expect, it } from "vitest";
import { leasedLimiter } from "../../src/adapters/leased-limiter.ts";
import type { RateDecision } from "../../src/core/ports.ts";

const BUCKET = { capacity: 100, refill: 10, everyMs: 1_000 };

/** A bucket of so many tokens that does not refill, one isolate that leases of it, and what the bucket was asked. */
function setUp(bucket = BUCKET) {
  const state = { tokens: bucket.capacity, nowMs: 0, isUp: true };
  const asked: number[] = [];
  const behind: Promise<unknown>[] = [];
  const limiter = leasedLimiter(
    {
      async take(_name, { capacity }, wanted = 1): Promise<RateDecision> {
        asked.push(wanted);
        if (!state.isUp) return { kind: "unavailable" };
        if (state.tokens < wanted) return { kind: "refused", limit: capacity, remaining: 0, resetAtMs: 1_000 };
        state.tokens -= wanted;
        return { kind: "allowed", limit: capacity, remaining: state.tokens, resetAtMs: 1_000 };
      },
    },
    { askMostMs: 2_000, clock: () => state.nowMs },
  );
  /** One request; what it asks behind its response has ended. */
  const request = async () => {
    const held = limiter.takeHeld("tenant", bucket, (promise) => void behind.push(promise));
    const decision = held ?? (await limiter.take("tenant", bucket));
    await Promise.all(behind.splice(0));
    return { kind: decision.kind, waited: held === undefined };
  };
  const requests = async (count: number) => {
    const done = [];
    for (let at = 0; at < count; at += 1) done.push(await request());
    return done;
  };
  return { state, asked, requests };
}

describe("a bucket that is much in use", () => {
  it("is asked seldom, and behind responses: after the first few requests nobody waits for it", async () => {
    const { asked, requests } = setUp();
    const done = await requests(60);
    expect(done.every(({ kind }) => kind === "allowed")).toBe(true);
    expect(done.slice(3).filter(({ waited }) => waited)).toEqual([]);
    expect(asked.length).toBeLessThan(15);
  });

  it("gives out every token exactly once: what requests got and what is still held is what was taken", async () => {
    const { state, requests, asked } = setUp();
    const done = await requests(200);
    const got = done.filter(({ kind }) => kind === "allowed").length;
    expect(got).toBe(BUCKET.capacity - state.tokens);
    expect(got).toBe(BUCKET.capacity);
    expect(done.at(-1)).toEqual({ kind: "refused", waited: true });
    // Each refused request has asked for its own token alone.
    expect(asked.slice(-50).every((wanted) => wanted === 1)).toBe(true);
  });

  it("whose block is refused still gives the one token that there is", async () => {
    const { state, asked, requests } = setUp();
    await requests(2);
    Object.assign(state, { tokens: 1, nowMs: 500 });
    await requests(3);
    expect(state.tokens).toBe(0);
    expect(asked).toContain(1);
  });

  it("does not keep tokens that die: they are asked for anew", async () => {
    const { state, asked, requests } = setUp();
    await requests(10);
    const before = asked.length;
    state.nowMs = 3_600_000;
    expect(await requests(1)).toEqual([{ kind: "allowed", waited: true }]);
    expect(asked.slice(before)).toEqual([1]);
  });
});

it("asks seldom for whoever comes every few seconds, and nobody waits for a token then", async () => {
  const { state, asked, requests } = setUp({ ...BUCKET, capacity: 1_000 });
  const done = [];
  for (let at = 0; at < 100; at += 1) {
    state.nowMs = at * 20_000;
    done.push(...(await requests(1)));
  }
  expect(done.every(({ kind }) => kind === "allowed")).toBe(true);
  expect(done.slice(3).filter(({ waited }) => waited)).toEqual([]);
  // Each question is for up to ten requests.
  expect(asked.length).toBeLessThan(15);
});

it("asks for each request's own token when nobody else wants any", async () => {
  const { state, asked, requests } = setUp();
  for (const nowMs of [0, 3_600_000, 7_200_000]) {
    state.nowMs = nowMs;
    await requests(1);
  }
  expect(asked).toEqual([1, 1, 1]);
});

it("states nothing and holds nothing while the bucket does not answer, and goes on when it does", async () => {
  const { state, requests } = setUp();
  state.isUp = false;
  expect((await requests(5)).every(({ kind }) => kind === "unavailable")).toBe(true);
  Object.assign(state, { isUp: true, nowMs: 3_000 });
  const done = await requests(20);
  expect(done.every(({ kind }) => kind === "allowed")).toBe(true);
  expect(done.some(({ waited }) => !waited)).toBe(true);
});
