import { csrf } from "hono/csrf";
import { createMiddleware } from "hono/factory";
import { HTTPException } from "hono/http-exception";
import { problems } from "../../core/problem.ts";

/**
 * Refuses a form that a page of another origin sent: by `Sec-Fetch-Site`, or by `Origin` where a browser says only that. One that says neither is
 * refused too.
 */
export const refuseForeign = () => {
  const check = csrf();
  return createMiddleware(async function refuseForeign(c, next) {
    try {
      await check(c, async () => undefined);
    } catch (error) {
      throw error instanceof HTTPException ? problems.foreignForm() : error;
    }
    return next();
  });
};
