import { createMiddleware } from "hono/factory";
import { limitsOf } from "../core/key-rights.ts";
import type { Rate, RateLimiter } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import type { ProxyEnv } from "./request.ts";

/**
 * Takes a token of the tenant's bucket, and at the same time one of the key's own where it has one. Fails open: a limiter that does not
 * answer lets the request on, and no figures are stated. What it then costs is for the ledger to say, which spends nothing without Redis.
 */
export const limitRate = (limiter: RateLimiter, clock: () => number) =>
  createMiddleware<ProxyEnv>(async function limitRate(c, next) {
    const limits = limitsOf(c.var.identity);
    const take = () =>
      Promise.all(
        limits.map(async ({ policy, name, bucket }): Promise<Rate> => {
          return { policy, bucket, decision: await limiter.take(name, bucket) };
        }),
      );
    const rates = await c.var.wait.within(take, []);
    if (rates.some(({ decision }) => decision.kind === "refused")) throw problems.rateExceeded(rates, clock());
    c.set("rates", rates);
    return next();
  });
