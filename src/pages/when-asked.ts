import type { Handler, Hono } from "hono";

/**
 * Hands requests to an app whose code is read and run at its first request, and not when an isolate starts: most isolates never show a page.
 * What is kept is the app, never the promise of it: a request must not wait for what another one began.
 */
export function whenAsked(load: () => Promise<Pick<Hono, "fetch">>): Handler {
  let loaded: Pick<Hono, "fetch"> | undefined;
  return async function whenAsked(c) {
    loaded ??= await load();
    return loaded.fetch(c.req.raw, c.env, c.executionCtx);
  };
}
