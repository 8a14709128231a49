import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import { problems } from "../core/problem.ts";
import { repeatable } from "../core/repeatable.ts";
import { descriptionOf } from "./describe.ts";
import type { AdminEnv } from "./request.ts";

/**
 * Refuses a query on an operation that reads none: whoever wrote `?plan=pro` or `?tenant_id=` there meant something, and passed over in
 * silence it would seem to be done. What an operation does read it checks itself.
 */
export const refuseUnread = () =>
  createMiddleware<AdminEnv>(async function refuseUnread(c, next) {
    const described = matchedRoutes(c).flatMap(({ handler }) => descriptionOf(handler) ?? []);
    const isRead = described.length === 0 || described.some(({ query }) => query !== undefined);
    const names = isRead ? [] : Object.keys(c.req.queries());
    if (names.length === 0) return next();
    throw problems.invalidParameters(names.map((name) => ({ name: repeatable(name), reason: "is not known" })));
  });
