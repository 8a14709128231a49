import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { WaitBudget } from "../core/ports.ts";
import type { ProxyEnv, ProxyRequest } from "./request.ts";

export type BeginPorts = { readonly newRequestId: () => string; readonly newWaitBudget: () => WaitBudget };
export type BeginProxyPorts = BeginPorts & { readonly clock: () => number };

/** Gives the request its id and its budget for waiting on Redis. */
export const begin = ({ newRequestId, newWaitBudget, clock }: BeginProxyPorts) =>
  function begin(c: Context<ProxyEnv>): ProxyRequest {
    const requestId = newRequestId();
    c.set("requestId", requestId);
    const { method, url, headers } = c.req.raw;
    return {
      method,
      url,
      headers,
      requestId,
      beganMs: clock(),
      wait: newWaitBudget(),
      background: (promise) => c.executionCtx.waitUntil(promise),
    };
  };

/** The same for what goes on through Hono's own steps. */
export const beginRoutes = (ports: BeginPorts) =>
  createMiddleware<ProxyEnv>(async function beginRoutes(c, next) {
    c.set("requestId", ports.newRequestId());
    c.set("wait", ports.newWaitBudget());
    return next();
  });
