import { describe, expect, it } from "vitest";
import { leasedLimiter } from "../../src/adapters/leased-limiter.ts";
import type { RateDecision } from "../../src/core/ports.ts";

const BUCKET = { capacity: 100, refill: 10, everyMs: 1_000 };

/** A bucket of so many tokens that does not refill, one isolate that leases of it, and what the bucket was asked. */
function setUp(bucket = BUCKET) {
  const state = { tokens: bucket.capacity, nowMs: 0, tookMs: 0, isUp: true };
  const asked: number[] = [];
  const behind: Promise<unknown>[] = [];
  const limiter = leasedLimiter(
    {
      async take(_name, { capacity }, wanted = 1): Promise<RateDecision> {
        asked.push(wanted);
        state.nowMs += state.tookMs;
        if (!state.isUp) return { kind: "unavailable" };
        if (state.tokens < wanted) return { kind: "refused", limit: capacity, remaining: 0, resetAtMs: 1_000 };
        state.tokens -= wanted;
        return { kind: "allowed", limit: capacity, remaining: state.tokens, resetAtMs: 1_000 };
      },
    },
    { askMostMs: 2_000, clock: () => state.nowMs },
  );
  /** One request; what it asks behind its response has ended. */
  const decide = async () => {
    const held = limiter.takeHeld("tenant", bucket, (promise) => void behind.push(promise));
    const decision = held ?? (await limiter.take("tenant", bucket));
    await Promise.all(behind.splice(0));
    return { decision, waited: held === undefined };
  };
  const request = async () => {
    const { decision, waited } = await decide();
    return { kind: decision.kind, waited };
  };
  const requests = async (count: number) => {
    const done = [];
    for (let at = 0; at < count; at += 1) done.push(await request());
    return done;
  };
  return { state, asked, requests, decide };
}

describe("a bucket that is much in use", () => {
  it("is asked seldom, and behind responses: after the first few requests nobody waits for it", async () => {
    const { asked, requests } = setUp();
    const done = await requests(60);
    expect(done.every(({ kind }) => kind === "allowed")).toBe(true);
    expect(done.slice(3).filter(({ waited }) => waited)).toEqual([]);
    expect(asked.length).toBeLessThan(15);
  });

  it("says to each request what is left, of which what the isolate holds is a part", async () => {
    const { decide } = setUp();
    const left = [];
    for (let at = 0; at < 40; at += 1) {
      const { decision } = await decide();
      left.push(decision.kind === "unavailable" ? undefined : decision.remaining);
    }
    expect(left).toEqual(Array.from({ length: 40 }, (_, at) => BUCKET.capacity - 1 - at));
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
    await requests(1);
    state.tokens = 1;
    expect(await requests(2)).toEqual([
      { kind: "allowed", waited: true },
      { kind: "refused", waited: true },
    ]);
    expect(asked).toEqual([1, 2, 1, 1]);
  });

  it("counts the life of tokens from when they were asked for, however late they come", async () => {
    const { state, requests } = setUp();
    state.tookMs = 1_000;
    await requests(3);
    state.nowMs += 1_100;
    expect(await requests(1)).toEqual([{ kind: "allowed", waited: true }]);
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
  // Each question is for some eight requests.
  expect(asked.length).toBeLessThan(20);
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
