import { createMiddleware } from "hono/factory";
import type { RateLimiter } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import type { AdminEnv, Caller } from "./request.ts";

/** People and scripts that manage keys are slow; what is faster has gone wrong, and each call is a statement or two in Postgres. */
const BUCKET = { capacity: 120, refill: 2, everyMs: 1_000 };

/** Takes a token of the caller's own bucket, apart from the one for data. The operator has none. Fails open. */
export const limitCaller = (limiter: RateLimiter, clock: () => number) =>
  createMiddleware<AdminEnv>(async function limitCaller(c, next) {
    const name = nameOf(c.var.caller);
    if (name === undefined) return next();
    const decision = await c.var.wait.within(() => limiter.take(name, BUCKET), { kind: "unavailable" } as const);
    if (decision.kind === "refused") {
      throw problems.rateExceeded([{ policy: "control", bucket: BUCKET, decision }], clock());
    }
    return next();
  });

function nameOf(caller: Caller): string | undefined {
  if (caller.kind === "operator") return undefined;
  return caller.kind === "key" ? `control:${caller.keyId}` : `control:${caller.userId}`;
}
