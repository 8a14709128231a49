import { createMiddleware } from "hono/factory";

/** What is one person's is kept by nobody on the way: not a page, not what leads to one, not a refusal. */
export const keepNothing = () =>
  createMiddleware(async function keepNothing(c, next) {
    await next();
    c.header("cache-control", "no-store");
  });
