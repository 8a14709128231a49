import { createMiddleware } from "hono/factory";
import type { HitCounter } from "../core/ports.ts";
import type { ProxyEnv } from "./request.ts";

/** Counts hits with the credits that they saved. Fails open: a lost count is at most two seconds of one isolate, never a credit spent. */
export const meter = (hits: HitCounter) =>
  createMiddleware<ProxyEnv>(async function meter(c, next) {
    await next();
    if (c.var.answer?.kind !== "hit") return;
    const { endpoint } = c.var.call;
    const count = { endpoint: endpoint.path, hits: 1, creditsSaved: endpoint.credits };
    hits.add(c.var.identity.tenant.id, count, (promise) => c.executionCtx.waitUntil(promise));
  });
