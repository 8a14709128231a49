import { limitsOf } from "../core/key-rights.ts";
import type { LeasedLimiter, Limit, Rate, RateDecision, WaitBudget } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import { recentlyMade } from "../core/recent.ts";
import type { Identity, ProxyRequest } from "./request.ts";

export type Rating = {
  /** What the limits said; a promise of it when the isolate does not hold a token of each. It rejects with the problem that refuses the request. */
  readonly rates: readonly Rate[] | Promise<readonly Rate[]>;
  /** The tenant was refused within the last second: whoever floods must not have us look things up that it will not get. */
  readonly isTight: boolean;
};

const TIGHT_MS = 1_000;
const TENANTS = { most: 2_000, longest: 64 };

type Held = readonly (RateDecision | undefined)[];

/**
 * Takes a token of the tenant's bucket, and at the same time one of the key's own where it has one: one that the isolate holds already, and
 * then nothing is waited for, or one from the bucket itself. Fails open: a limiter that does not answer lets the request on, and no figures are
 * stated. What it then costs is for the ledger to say, which spends nothing without Redis.
 */
export const limitRate = (limiter: LeasedLimiter, clock: () => number) => {
  const refusedAtMs = recentlyMade<number>(TENANTS);
  const isTight = ({ tenant }: Identity) => clock() - (refusedAtMs.get(tenant.id) ?? -Infinity) < TIGHT_MS;

  return function limitRate({ wait, background }: ProxyRequest, identity: Identity): Rating {
    const limits = limitsOf(identity);
    const held = limits.map(({ name, bucket }) => limiter.takeHeld(name, bucket, background));
    const rates = allHeld(limits, held);
    if (rates !== undefined) return { rates, isTight: false };
    return { rates: ask(wait, identity, held), isTight: isTight(identity) };
  };

  async function ask(wait: WaitBudget, identity: Identity, held: Held): Promise<readonly Rate[]> {
    const limits = limitsOf(identity);
    const take = () =>
      Promise.all(
        limits.map(async (limit, at) => rateOf(limit, held[at] ?? (await limiter.take(limit.name, limit.bucket)))),
      );
    const rates = await wait.within(take, []);
    if (rates.every(({ decision }) => decision.kind !== "refused")) return rates;
    if (rates.some(({ policy, decision }) => policy === "burst" && decision.kind === "refused"))
      refusedAtMs.put(identity.tenant.id, clock());
    throw problems.rateExceeded(rates, clock());
  }
};

function allHeld(limits: readonly Limit[], held: Held): readonly Rate[] | undefined {
  const rates = limits.flatMap((limit, at) => {
    const decision = held[at];
    return decision === undefined ? [] : [rateOf(limit, decision)];
  });
  return rates.length === limits.length ? rates : undefined;
}

function rateOf({ policy, bucket }: Limit, decision: RateDecision): Rate {
  return { policy, bucket, decision };
}
