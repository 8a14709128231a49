import { LRUCache } from "lru-cache";
import type { Bucket, LeasedLimiter, RateDecision, RateLimiter } from "../core/ports.ts";
import { tokenLease, type TokenLease } from "../core/token-lease.ts";

/** Buckets that an isolate remembers anything of. */
const MOST_BUCKETS = 5_000;

export type LeaseSettings = {
  /** How long a request may be asking for all of its isolate, milliseconds: one that was cut off in the middle says nothing any more. */
  readonly askMostMs: number;
  readonly clock: () => number;
};

/**
 * Lets an isolate hold tokens of the buckets that are much in use, so that most requests ask nobody. By the isolate's clock: a rate limit is
 * no place where exactness is worth a round trip; money never goes this way.
 */
export function leasedLimiter(limiter: RateLimiter, { askMostMs, clock }: LeaseSettings): LeasedLimiter {
  const leases = new LRUCache<string, TokenLease>({ max: MOST_BUCKETS });
  const leaseOf = (name: string) => {
    const known = leases.get(name);
    if (known !== undefined) return known;
    const lease = tokenLease();
    leases.set(name, lease);
    return lease;
  };

  /** Takes the `own` tokens that are needed now, and as many more as may be held. */
  async function ask(name: string, bucket: Bucket, own: 0 | 1): Promise<RateDecision | undefined> {
    const lease = leaseOf(name);
    const askedAtMs = clock();
    const block = lease.beginAsking(bucket, askedAtMs, askMostMs);
    if (block === undefined) return own === 0 ? undefined : limiter.take(name, bucket);
    const decision = await limiter.take(name, bucket, own + block.tokens);
    if (decision.kind === "allowed") {
      lease.receive(decision, block, askedAtMs);
      return { ...decision, remaining: decision.remaining + block.tokens };
    }
    lease.refused(clock());
    return decision.kind === "refused" && own > 0 ? limiter.take(name, bucket) : decision;
  }

  return {
    takeHeld(name, bucket, background) {
      const lease = leaseOf(name);
      const nowMs = clock();
      const taken = lease.takeHeld(bucket, nowMs);
      if (taken !== undefined && lease.isLow(nowMs)) background(ask(name, bucket, 0));
      return taken;
    },
    take: async (name, bucket) => (await ask(name, bucket, 1)) ?? { kind: "unavailable" },
  };
}
