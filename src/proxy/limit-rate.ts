import { createMiddleware } from "hono/factory";
import type { RateLimiter } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import type { ProxyEnv } from "./request.ts";

/** Takes a token of the tenant's bucket. Fails open: a limiter that does not answer lets the request on, and no figures are stated. */
export const limitRate = (limiter: RateLimiter, clock: () => number) =>
  createMiddleware<ProxyEnv>(async function limitRate(c, next) {
    const { id, burst } = c.var.identity.tenant;
    const rate = await c.var.wait.within(() => limiter.take(id, burst), { kind: "unavailable" } as const);
    if (rate.kind === "refused") throw problems.rateExceeded(rate, burst, clock());
    c.set("rate", rate);
    return next();
  });
