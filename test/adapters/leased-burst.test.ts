import { expect, it } from "vitest";
import { leasedLimiter } from "../../src/adapters/leased-limiter.ts";
import type { Bucket, RateDecision } from "../../src/core/ports.ts";
import { BACK_WITHIN_MS } from "../../src/core/token-lease.ts";

const BUCKET = { capacity: 600, refill: 10, everyMs: 1_000 };
const ISOLATES = 5;
const STEP_MS = 100;

/** In each isolate a hundredth of the bucket, taken when less than a quarter of as much was left, may be five minutes old. */
const HELD_LONG = ISOLATES * 7;

/** A bucket that refills by a simulated clock, and some isolates that lease of it. */
function setUp() {
  const state = { nowMs: 0, tokens: BUCKET.capacity, refilledMs: 0 };
  const take = async (_name: string, { capacity, refill, everyMs }: Bucket, wanted = 1): Promise<RateDecision> => {
    const refills = Math.floor((state.nowMs - state.refilledMs) / everyMs);
    state.tokens = Math.min(capacity, state.tokens + refills * refill);
    state.refilledMs += refills * everyMs;
    const figures = { limit: capacity, resetAtMs: state.nowMs + everyMs };
    if (state.tokens < wanted) return { kind: "refused", remaining: 0, ...figures };
    state.tokens -= wanted;
    return { kind: "allowed", remaining: state.tokens, ...figures };
  };
  const clock = () => state.nowMs;
  const limiters = Array.from({ length: ISOLATES }, () => leasedLimiter({ take }, { askMostMs: 2_000, clock }));
  /** One request to the isolate of this number, and what it asks behind its response. */
  const request = async (of: number) => {
    const behind: Promise<unknown>[] = [];
    const limiter = limiters[of % ISOLATES];
    const held = limiter?.takeHeld("tenant", BUCKET, (promise) => void behind.push(promise));
    const decision = held ?? (await limiter?.take("tenant", BUCKET));
    await Promise.all(behind);
    return decision;
  };
  return { state, request };
}

it.each([
  { pauseMs: 500, because: "what is held is alive" },
  { pauseMs: 1_900, because: "what is held is about to die" },
  { pauseMs: 90_000, because: "the bucket is full again, and what little may be held for so long is held" },
  { pauseMs: 400_000, because: "all that was held is dead" },
])("a burst after $pauseMs ms passes the bucket by no more than may be held of it: $because", async ({ pauseMs }) => {
  const { state, request } = setUp();
  const passed: { readonly atMs: number; readonly allowed: number }[] = [];
  const step = async (requests: number) => {
    let allowed = 0;
    for (let at = 0; at < requests; at += 1) allowed += (await request(at))?.kind === "allowed" ? 1 : 0;
    passed.push({ atMs: state.nowMs, allowed });
    state.nowMs += STEP_MS;
  };
  for (let round = 0; round < 3; round += 1) {
    for (let steady = 0; steady < 20; steady += 1) await step(steady % 2 === 0 ? 15 : 0);
    state.nowMs += pauseMs;
    for (let burst = 0; burst < 4; burst += 1) await step(300);
  }
  for (const [from, { atMs: fromMs }] of passed.entries()) {
    let sum = 0;
    for (const { atMs, allowed } of passed.slice(from)) {
      sum += allowed;
      // The bucket refills by whole seconds, so a window sees one refill more than it is long.
      const seconds = Math.ceil((atMs - fromMs + BACK_WITHIN_MS) / 1_000) + 1;
      expect(sum).toBeLessThanOrEqual(BUCKET.capacity + HELD_LONG + BUCKET.refill * seconds);
    }
  }
});
