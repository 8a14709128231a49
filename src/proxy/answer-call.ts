import { createMiddleware } from "hono/factory";
import { answer, type AnswerPorts } from "../answer/answer.ts";
import { payerOf, type PoolSettings } from "../answer/payer.ts";
import { demandOf } from "../core/directives.ts";
import type { ProxyEnv } from "./request.ts";

/** Asks the one use case that spends, on behalf of the tenant. */
export const answerCall = (ports: AnswerPorts & PoolSettings) =>
  createMiddleware<ProxyEnv>(async function answerCall(c, next) {
    const { call, wait, requestId, identity } = c.var;
    const payer = payerOf(identity.tenant, ports.platformDownloadTier);
    const mayRefresh = identity.permissions.includes("refresh");
    const isConditional = c.req.header("if-none-match") !== undefined;
    const asked = { cacheControl: c.req.header("cache-control"), isConditional, mayRefresh };
    const demand = demandOf(asked, ports.clock());
    const background = (promise: Promise<unknown>) => c.executionCtx.waitUntil(promise);
    c.set("answer", await answer(ports, { call, payer, demand, priority: "interactive", requestId, wait, background }));
    return next();
  });
