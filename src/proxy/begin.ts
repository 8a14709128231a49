import { createMiddleware } from "hono/factory";
import type { WaitBudget } from "../core/ports.ts";
import type { ProxyEnv } from "./request.ts";

/** Gives the request its id and its budget for waiting on Redis. */
export const begin = (s: { readonly newRequestId: () => string; readonly newWaitBudget: () => WaitBudget }) =>
  createMiddleware<ProxyEnv>(async function begin(c, next) {
    c.set("requestId", s.newRequestId());
    c.set("wait", s.newWaitBudget());
    return next();
  });
