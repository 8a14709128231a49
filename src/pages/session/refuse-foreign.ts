import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { problems } from "../../core/problem.ts";

/**
 * Refuses what a page of another origin sent, whatever it says that its body is: by `Sec-Fetch-Site`, or by `Origin` where a browser says only
 * that. One that says neither is refused too. Nothing is asked of who only looks.
 */
export const refuseForeign = () =>
  createMiddleware(async function refuseForeign(c, next) {
    if (!isRead(c) && !isOurs(c)) throw problems.foreignForm();
    return next();
  });

/** Whether nothing is to be done but to look. */
export function isRead({ req: { method } }: Context): boolean {
  return method === "GET" || method === "HEAD";
}

function isOurs({ req }: Context): boolean {
  return req.header("sec-fetch-site") === "same-origin" || req.header("origin") === new URL(req.url).origin;
}
