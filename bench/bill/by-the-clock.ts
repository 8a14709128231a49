import { leasedLimiter } from "../../src/adapters/leased-limiter.ts";
import type { Bucket, RateLimiter } from "../../src/core/ports.ts";
import type { Asked } from "../simulate/trace.ts";

/** By the defaults of the settings: a reading of the log this old is repeated. */
const LOG_IS_OLD_MS = 500;

/** The seeded plans', ten times what the guide's day asks for on average; more traffic goes on a plan that is larger by as much. */
const bucketFor = (scale: number): Bucket => ({
  capacity: Math.ceil(600 * scale),
  refill: Math.ceil(10 * scale),
  everyMs: 1_000,
});

export type ByTheClock = {
  /** Readings of the log of changes. */
  readonly logReadings: number;
  /** Questions for tokens. */
  readonly tokenRequests: number;
};

/** What requests ask for not by what they ask, but by how long their isolate has not asked. All are one tenant's. */
export async function byTheClock(requests: Iterable<Asked>, scale: number): Promise<ByTheClock> {
  const bucket = bucketFor(scale);
  let nowMs = 0;
  let [logReadings, tokenRequests] = [0, 0];
  const limiter: RateLimiter = {
    take: async () => {
      tokenRequests += 1;
      return { kind: "allowed", limit: bucket.capacity, remaining: bucket.capacity, resetAtMs: nowMs };
    },
  };
  const readAtMs = new Map<number, number>();
  const isolates = new Map<number, ReturnType<typeof leasedLimiter>>();
  for (const { atMs, isolate } of requests) {
    nowMs = atMs;
    if (atMs - (readAtMs.get(isolate) ?? -Infinity) >= LOG_IS_OLD_MS) {
      logReadings += 1;
      readAtMs.set(isolate, atMs);
    }
    const leased = isolates.get(isolate) ?? leasedLimiter(limiter, { askMostMs: 2_000, clock: () => nowMs });
    isolates.set(isolate, leased);
    const behind: Promise<unknown>[] = [];
    const held = leased.takeHeld("tenant", bucket, (promise) => void behind.push(promise));
    if (held === undefined) await leased.take("tenant", bucket);
    await Promise.all(behind);
  }
  return { logReadings, tokenRequests };
}
