import type { Context } from "hono";
import { clientAddress } from "../../core/address-group.ts";
import type { Visit } from "../ask-publicly.ts";
import type { PagesEnv } from "../request.ts";

/** Says behind the cache who asks, for limits alone. */
const VISITOR = "tikedge-visitor";

/** What else of a request a page may see: none of it is in the cache's key, and none of it changes a page that is kept. */
const FORWARDED = ["accept", "if-none-match"];

/**
 * What goes to the public pages, through the cache in front of them. Nothing of the visitor's is in it that is in the cache's key or makes it step
 * aside (a query, `Authorization`, `X-Forwarded-Host` …), so that nobody can have a page made twice.
 */
export function throughCache({ method, url, headers }: Request): Request {
  const { origin, pathname } = new URL(url);
  const forwarded = new Headers({ [VISITOR]: clientAddress(headers) });
  for (const name of FORWARDED) {
    const value = headers.get(name);
    if (value !== null) forwarded.set(name, value);
  }
  // A redirect is for the visitor to follow.
  return new Request(`${origin}${pathname}`, { method, headers: forwarded, redirect: "manual" });
}

/** A visit as it was handed on. */
export function visitOf(c: Context<PagesEnv>): Visit {
  return {
    requestId: c.get("requestId"),
    address: c.req.header(VISITOR) ?? "unknown",
    background: (promise) => c.executionCtx.waitUntil(promise),
  };
}
