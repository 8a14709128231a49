import { createMiddleware } from "hono/factory";
import { problems } from "../core/problem.ts";
import type { ProxyEnv } from "./request.ts";

/** Longer than any URL that names a call of the upstream, and short enough to parse for nothing. */
export const MAX_URL_LENGTH = 4_096;

const METHODS = "GET, HEAD, OPTIONS";

/** Refuses what no identity could make valid: other methods than the upstream's, and over-long URLs. Costs no I/O. */
export const screen = () =>
  createMiddleware<ProxyEnv>(async function screen(c, next) {
    if (c.req.method === "OPTIONS") return c.body(null, 204, { allow: METHODS, "cache-control": "no-store" });
    if (c.req.method !== "GET" && c.req.method !== "HEAD") throw problems.methodNotAllowed(METHODS);
    if (c.req.url.length > MAX_URL_LENGTH) throw problems.uriTooLong(MAX_URL_LENGTH);
    return next();
  });
