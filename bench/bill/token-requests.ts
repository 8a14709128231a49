import { leasedLimiter } from "../../src/adapters/leased-limiter.ts";
import type { Bucket, RateLimiter } from "../../src/core/ports.ts";
import type { Asked } from "../simulate/trace.ts";

/** The seeded plans', ten times what the guide's day asks for on average; more traffic goes on a plan that is larger by as much. */
const bucketFor = (scale: number): Bucket => ({
  capacity: Math.ceil(600 * scale),
  refill: Math.ceil(10 * scale),
  everyMs: 1_000,
});

/** How often requests ask for tokens, by how long their isolate has not asked. All are one tenant's. */
export async function tokenRequestsOf(
  requests: Iterable<Pick<Asked, "atMs" | "isolate">>,
  scale: number,
): Promise<number> {
  const bucket = bucketFor(scale);
  let [nowMs, tokenRequests] = [0, 0];
  const limiter: RateLimiter = {
    take: async () => {
      tokenRequests += 1;
      return { kind: "allowed", limit: bucket.capacity, remaining: bucket.capacity, resetAtMs: nowMs };
    },
  };
  const isolates = new Map<number, ReturnType<typeof leasedLimiter>>();
  for (const { atMs, isolate } of requests) {
    nowMs = atMs;
    const leased = isolates.get(isolate) ?? leasedLimiter(limiter, { askMostMs: 2_000, clock: () => nowMs });
    isolates.set(isolate, leased);
    const behind: Promise<unknown>[] = [];
    const held = leased.takeHeld("tenant", bucket, (promise) => void behind.push(promise));
    if (held === undefined) await leased.take("tenant", bucket);
    await Promise.all(behind);
  }
  return tokenRequests;
}
