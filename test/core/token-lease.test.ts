import { describe, expect, it } from "vitest";
import { tokenLease } from "../../src/core/token-lease.ts";

const BUCKET = { capacity: 600, refill: 10, everyMs: 1_000 };
const ASK_MS = 2_000;
const MINUTE_MS = 60_000;
const said = { kind: "allowed", limit: 600, remaining: 400, resetAtMs: 1_000_000 } as const;
const brief = (tokens: number) => ({ tokens, livesMs: 2_000 });

/** A lease on which requests wanted a token at these times. */
function usedAt(...timesMs: readonly number[]) {
  const lease = tokenLease();
  for (const nowMs of timesMs) lease.takeHeld(BUCKET, nowMs);
  return lease;
}

const atOnce = (requests: number, nowMs = 0) => Array.from({ length: requests }, () => nowMs);

describe("how many tokens are taken in advance", () => {
  it.each([
    { requests: 1, bucket: BUCKET, block: undefined, because: "nobody else has asked lately" },
    { requests: 9, bucket: BUCKET, block: brief(8), because: "so many others have, within the second" },
    { requests: 100, bucket: BUCKET, block: brief(20), because: "so many come back within two seconds" },
    { requests: 100, bucket: { ...BUCKET, refill: 1_000 }, block: brief(60), because: "it is a tenth of the bucket" },
    {
      requests: 100,
      bucket: { capacity: 1_000, refill: 1, everyMs: 86_400 },
      block: undefined,
      because: "a day's budget comes back one by one, and must not be lost",
    },
  ])("is $block after $requests requests at once: $because", ({ requests, bucket, block }) => {
    expect(usedAt(...atOnce(requests)).beginAsking(bucket, 0, ASK_MS)).toEqual(block);
  });

  it("goes by the second before while a new one is young, and after a pause by what was used within five minutes", () => {
    const after = (pauseMs: number) => usedAt(...atOnce(10), pauseMs).beginAsking(BUCKET, pauseMs, ASK_MS);
    expect([999, 1_000, 1_999].map(after)).toEqual([brief(10), brief(10), brief(10)]);
    expect([2_000, 4 * MINUTE_MS, 9 * MINUTE_MS].map(after)).toEqual(
      Array.from({ length: 3 }, () => ({ tokens: 6, livesMs: 5 * MINUTE_MS })),
    );
    expect(after(10 * MINUTE_MS)).toBeUndefined();
  });

  it("is as many as were used within five minutes, a hundredth of the bucket at the most, for whoever comes now and then", () => {
    const every = (gapMs: number, times: number) => Array.from({ length: times }, (_, at) => at * gapMs);
    const asked = (...timesMs: readonly number[]) =>
      usedAt(...timesMs).beginAsking(BUCKET, timesMs.at(-1) ?? 0, ASK_MS)?.tokens;
    expect(asked(...every(20_000, 3))).toBe(2);
    expect(asked(...every(20_000, 12))).toBe(6);
    expect(asked(...every(20_000, 60))).toBe(6);
    expect(usedAt(...every(20_000, 12)).beginAsking({ ...BUCKET, capacity: 60 }, 240_000, ASK_MS)).toBeUndefined();
  });

  it("is nothing while another request of the isolate asks, but no longer than such a one may take", () => {
    const lease = usedAt(...atOnce(10));
    expect(lease.beginAsking(BUCKET, 0, ASK_MS)).toEqual(brief(9));
    expect(lease.beginAsking(BUCKET, ASK_MS - 1, ASK_MS)).toBeUndefined();
    expect(lease.beginAsking(BUCKET, ASK_MS, ASK_MS)).toBeDefined();
  });

  it("is nothing for a second after the bucket refused: who is at the end of it asks for one at a time", () => {
    const lease = usedAt(...atOnce(10));
    lease.beginAsking(BUCKET, 0, ASK_MS);
    lease.refused(5);
    expect(lease.beginAsking(BUCKET, 1_004, ASK_MS)).toBeUndefined();
    expect(lease.beginAsking(BUCKET, 1_005, ASK_MS)).toBeDefined();
  });
});

it("takes no more than fills up what is held, so that nobody ever holds more than the bound", () => {
  const timesMs = Array.from({ length: 12 }, (_, at) => at * 20_000);
  const lease = usedAt(...timesMs);
  lease.receive(said, { tokens: 4, livesMs: 5 * MINUTE_MS }, 220_000);
  expect(lease.beginAsking(BUCKET, 220_000, ASK_MS)).toEqual({ tokens: 2, livesMs: 5 * MINUTE_MS });
});

describe("tokens that are held", () => {
  it("are given out one by one with what the bucket said, and then there is none", () => {
    const lease = tokenLease();
    lease.receive(said, brief(2), 0);
    expect(lease.takeHeld(BUCKET, 1)).toEqual({ ...said, remaining: 401 });
    expect(lease.takeHeld(BUCKET, 1)).toEqual({ ...said, remaining: 400 });
    expect(lease.takeHeld(BUCKET, 1)).toBeUndefined();
  });

  it("die when their time is over, counted from when they were asked for, those of an earlier block before", () => {
    const lease = tokenLease();
    lease.receive(said, brief(1), 0);
    lease.receive(said, brief(5), 1_000);
    expect(lease.takeHeld(BUCKET, 2_000)).toMatchObject({ remaining: 404 });
    expect(lease.takeHeld(BUCKET, 2_999)).toMatchObject({ remaining: 403 });
    expect(lease.takeHeld(BUCKET, 3_000)).toBeUndefined();
  });

  it("are let go when the clock is set back, since nobody knows how old they are, and the bucket may be asked at once", () => {
    const lease = usedAt(...atOnce(10, 3_600_000));
    lease.receive(said, brief(9), 3_600_000);
    lease.refused(3_600_000);
    expect(lease.takeHeld(BUCKET, 0)).toBeUndefined();
    for (const nowMs of atOnce(5)) lease.takeHeld(BUCKET, nowMs);
    expect(lease.beginAsking(BUCKET, 0, ASK_MS)).toEqual(brief(5));
  });

  it("are low when less than a quarter of what was taken is left, and not while somebody asks", () => {
    const lease = usedAt(...atOnce(9));
    expect(lease.isLow(0)).toBe(false);
    lease.receive(said, brief(8), 0);
    const low = Array.from({ length: 8 }, () => (lease.takeHeld(BUCKET, 0), lease.isLow(0)));
    expect(low).toEqual([false, false, false, false, false, false, true, true]);
    lease.beginAsking(BUCKET, 0, ASK_MS);
    expect(lease.isLow(0)).toBe(false);
    lease.receive(said, brief(8), 0);
    expect(lease.isLow(0)).toBe(false);
  });

  it("state what has come back to the bucket since it was asked, and never more than it holds", () => {
    const stated = (nowMs: number) => {
      const lease = tokenLease();
      lease.receive({ ...said, resetAtMs: 1_000 }, { tokens: 6, livesMs: 5 * MINUTE_MS }, 0);
      const { remaining, resetAtMs } = lease.takeHeld(BUCKET, nowMs) ?? {};
      return { remaining, resetAtMs };
    };
    expect(stated(999)).toEqual({ remaining: 405, resetAtMs: 1_000 });
    expect(stated(1_000)).toEqual({ remaining: 415, resetAtMs: 2_000 });
    expect(stated(3_500)).toEqual({ remaining: 435, resetAtMs: 4_000 });
    expect(stated(4 * MINUTE_MS)).toEqual({ remaining: 600, resetAtMs: 4 * MINUTE_MS + 1_000 });
  });
});
