import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { clientAddress } from "../core/address-group.ts";
import { isWebOrigin } from "../core/key-rights.ts";
import type { AddressLimiter, KeyDirectory, OriginMemory } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import type { ProxyEnv } from "./request.ts";

export type ShareOriginPorts = {
  readonly originMemory: OriginMemory;
  readonly keyDirectory: Pick<KeyDirectory, "knowsOrigin">;
  readonly unidentified: AddressLimiter;
};

/** What a page may read beside the body: browsers hide every field that is not named. */
const EXPOSED = [
  "Age",
  "Cache-Status",
  "ETag",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "Server-Timing",
  "X-Credits-Charged",
  "X-Request-Id",
].join(", ");

const GRANTED = {
  "access-control-allow-methods": "GET, HEAD",
  "access-control-allow-headers": "X-Api-Key, Authorization, If-None-Match",
  "access-control-max-age": "600",
  "cache-control": "no-store",
  vary: "Origin",
};

/**
 * Lets pages read responses (CORS): those to a publishable key, refusals among them, for the very origin that asked with it. A secret key
 * gets none of it, for it is not to be in a page. Added per request, so that nothing of it is ever kept with an answer.
 */
export const shareOrigin = (ports: ShareOriginPorts) =>
  createMiddleware<ProxyEnv>(async function shareOrigin(c, next) {
    const asking = preflightOrigin(c);
    if (asking !== undefined && (await isGranted(ports, c, asking)))
      return c.body(null, 204, { ...GRANTED, "access-control-allow-origin": asking });
    await next();
    const { pageOrigin } = c.var;
    if (pageOrigin === undefined) return undefined;
    const { headers } = c.res;
    headers.set("access-control-allow-origin", pageOrigin);
    headers.set("access-control-expose-headers", EXPOSED);
    headers.append("vary", "Origin");
    return undefined;
  });

/** Who asks beforehand whether its page may send a request. Such a question carries no key. */
function preflightOrigin(c: Context<ProxyEnv>): string | undefined {
  const origin = c.req.header("origin");
  if (c.req.method !== "OPTIONS" || c.req.header("access-control-request-method") === undefined) return undefined;
  return origin !== undefined && isWebOrigin(origin) ? origin : undefined;
}

/**
 * Whether a publishable key names the origin. Fails open when Postgres does not answer: a preflight gives nothing away by itself, since
 * the request after it is checked with its key.
 */
async function isGranted(ports: ShareOriginPorts, c: Context<ProxyEnv>, origin: string): Promise<boolean> {
  const { originMemory, keyDirectory, unidentified } = ports;
  const remembered = originMemory.knows(origin);
  if (remembered !== undefined) return remembered;
  if (!(await unidentified.allows(clientAddress(c.req.raw.headers)))) throw problems.tooManyUnidentified();
  const looked = await keyDirectory.knowsOrigin(origin);
  if (looked !== "unavailable") originMemory.put(origin, looked === "known");
  return looked !== "unknown";
}
