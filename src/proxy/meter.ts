import { createMiddleware } from "hono/factory";
import type { Answer } from "../answer/answer.ts";
import { charge, type ChargeRules } from "../core/charge.ts";
import type { HitCounter } from "../core/ports.ts";
import type { HitCount } from "../core/usage.ts";
import type { ProxyEnv } from "./request.ts";

/** Counts hits with the credits that a dispatch would have cost. Fails open: a lost count is at most two seconds of one isolate, never a credit spent. */
export const meter = (hits: HitCounter, chargeRules: ChargeRules) =>
  createMiddleware<ProxyEnv>(async function meter(c, next) {
    await next();
    const { answer } = c.var;
    if (answer === undefined || answer.kind === "fetched" || answer.kind === "refused") return;
    // The upstream was asked all the same, and failed.
    if (answer.kind === "stale" && answer.instead.kind === "fetched") return;
    const { path, credits } = c.var.call.endpoint;
    const outcome = answer.stored.entry.kind === "negative" ? "not_found" : "success";
    const count = {
      endpoint: path,
      tier: tierOf(answer),
      hits: 1,
      creditsSaved: charge(outcome, { credits, stated: null }, chargeRules).charged,
    };
    hits.add(c.var.identity.tenant.id, count, (promise) => c.executionCtx.waitUntil(promise));
  });

function tierOf(served: Exclude<Answer, { kind: "fetched" | "refused" }>): HitCount["tier"] {
  if (served.kind === "hit") return served.tier;
  return served.kind === "joined" ? "joined" : "stale";
}
