import { clientAddress } from "../core/address-group.ts";
import { isWebOrigin } from "../core/key-rights.ts";
import type { AddressLimiter, KeyDirectory, OriginMemory } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import type { ProxyRequest } from "./request.ts";
import { METHODS } from "./screen.ts";

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

const PLAIN = { allow: METHODS, "cache-control": "no-store" };

/**
 * Answers OPTIONS. A page asks beforehand whether it may send a request; such a question carries no key, and is granted to the origins that some
 * publishable key names.
 */
export const answerPreflight = (ports: ShareOriginPorts) =>
  async function answerPreflight({ headers }: Pick<ProxyRequest, "headers">): Promise<Response> {
    const asking = preflightOrigin(headers);
    const isShared = asking !== undefined && (await isGranted(ports, headers, asking));
    return new Response(null, {
      status: 204,
      headers: isShared ? { ...GRANTED, "access-control-allow-origin": asking } : PLAIN,
    });
  };

/**
 * What lets a page read a response (CORS): those to a publishable key, refusals among them, for the very origin that asked with it. A secret key
 * gets none of it, for it is not to be in a page. `vary` is what the response says without it; nothing of this is ever kept with an answer.
 */
export function sharedFields(pageOrigin: string, vary?: string): Readonly<Record<string, string>> {
  return {
    "access-control-allow-origin": pageOrigin,
    "access-control-expose-headers": EXPOSED,
    vary: vary === undefined ? "Origin" : `${vary}, Origin`,
  };
}

function preflightOrigin(headers: Headers): string | undefined {
  const origin = headers.get("origin");
  if (origin === null || !headers.has("access-control-request-method")) return undefined;
  return isWebOrigin(origin) ? origin : undefined;
}

/**
 * Whether a publishable key names the origin. Fails open when Postgres does not answer: a preflight gives nothing away by itself, since
 * the request after it is checked with its key.
 */
async function isGranted(ports: ShareOriginPorts, headers: Headers, origin: string): Promise<boolean> {
  const { originMemory, keyDirectory, unidentified } = ports;
  const remembered = originMemory.knows(origin);
  if (remembered !== undefined) return remembered;
  if (!(await unidentified.allows(clientAddress(headers)))) throw problems.tooManyUnidentified();
  const looked = await keyDirectory.knowsOrigin(origin);
  if (looked !== "unavailable") originMemory.put(origin, looked === "known");
  return looked !== "unknown";
}
