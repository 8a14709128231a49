import { describe, expect, it } from "vitest";
import { LEASE_LIVES_MS, tokenLease } from "../../src/core/token-lease.ts";

const BUCKET = { capacity: 600, refill: 10, everyMs: 1_000 };
const ASK_MS = 2_000;
const said = { kind: "allowed", limit: 600, remaining: 400, resetAtMs: 1_000 } as const;

/** A lease on which so many requests wanted a token at a time. */
function usedBy(requests: number, nowMs: number) {
  const lease = tokenLease();
  for (let request = 0; request < requests; request += 1) lease.takeHeld(nowMs);
  return lease;
}

describe("how many tokens are taken in advance", () => {
  it.each([
    { requests: 1, bucket: BUCKET, block: 0, because: "nobody else has asked within the second" },
    { requests: 8, bucket: BUCKET, block: 7, because: "so many others have" },
    { requests: 100, bucket: BUCKET, block: 20, because: "so many come back while they live" },
    {
      requests: 100,
      bucket: { ...BUCKET, refill: 1_000 },
      block: 60,
      because: "it is a tenth of what the bucket holds",
    },
    {
      requests: 100,
      bucket: { capacity: 1_000, refill: 1, everyMs: 86_400 },
      block: 0,
      because: "a day's budget comes back slowly",
    },
  ])("is $block after $requests requests: $because", ({ requests, bucket, block }) => {
    expect(usedBy(requests, 0).beginAsking(bucket, 0, ASK_MS)).toBe(block);
  });

  it("goes by the second before while a new one is young, and by nothing after a pause", () => {
    const after = (pauseMs: number) => {
      const lease = usedBy(10, 0);
      lease.takeHeld(pauseMs);
      return lease.beginAsking(BUCKET, pauseMs, ASK_MS);
    };
    expect([999, 1_000, 1_999, 2_000].map(after)).toEqual([10, 10, 10, 0]);
  });

  it("is nothing while another request of the isolate asks, but no longer than such a one may take", () => {
    const lease = usedBy(10, 0);
    expect(lease.beginAsking(BUCKET, 0, ASK_MS)).toBe(9);
    expect(lease.beginAsking(BUCKET, 1, ASK_MS)).toBe(0);
    for (let request = 0; request < 5; request += 1) lease.takeHeld(ASK_MS);
    expect(lease.beginAsking(BUCKET, ASK_MS, ASK_MS)).toBeGreaterThan(0);
  });

  it("is nothing for a second after the bucket refused: who is at the end of it asks for one at a time", () => {
    const lease = usedBy(10, 0);
    lease.beginAsking(BUCKET, 0, ASK_MS);
    lease.refused(5);
    expect(lease.beginAsking(BUCKET, 1_004, ASK_MS)).toBe(0);
    expect(lease.beginAsking(BUCKET, 1_005, ASK_MS)).toBeGreaterThan(0);
  });
});

describe("tokens that are held", () => {
  it("are given out one by one with what the bucket said, and then there is none", () => {
    const lease = tokenLease();
    lease.receive(said, 2, 0);
    expect(lease.takeHeld(1)).toEqual({ ...said, remaining: 401 });
    expect(lease.takeHeld(1)).toEqual({ ...said, remaining: 400 });
    expect(lease.takeHeld(1)).toBeUndefined();
  });

  it("die when their time is over, counted from when they were asked for, and those of an earlier block before", () => {
    const lease = tokenLease();
    lease.receive(said, 1, 0);
    lease.receive(said, 5, 1_000);
    expect(lease.takeHeld(LEASE_LIVES_MS)).toMatchObject({ remaining: 404 });
    expect(lease.takeHeld(LEASE_LIVES_MS + 999)).toMatchObject({ remaining: 403 });
    expect(lease.takeHeld(LEASE_LIVES_MS + 1_000)).toBeUndefined();
  });

  it("are low when less than a quarter of what was taken is left, and while somebody asks they are not said to be", () => {
    const lease = usedBy(9, 0);
    expect(lease.isLow(0)).toBe(false);
    lease.receive(said, 8, 0);
    const low = Array.from({ length: 8 }, () => (lease.takeHeld(0), lease.isLow(0)));
    expect(low).toEqual([false, false, false, false, false, false, true, true]);
    lease.beginAsking(BUCKET, 0, ASK_MS);
    expect(lease.isLow(0)).toBe(false);
    lease.receive(said, 8, 0);
    expect(lease.isLow(0)).toBe(false);
  });
});

it("lets a burst exceed the capacity by no more than what comes back while tokens live, whatever isolates hold", () => {
  // All that one isolate may hold at once: blocks that are alive, each bounded by the refill of their life.
  const lease = usedBy(1_000, 0);
  const block = lease.beginAsking(BUCKET, 0, ASK_MS);
  expect(block).toBeLessThanOrEqual((BUCKET.refill * LEASE_LIVES_MS) / BUCKET.everyMs);
});
