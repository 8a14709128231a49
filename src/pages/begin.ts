import { accepts } from "hono/accepts";
import { createMiddleware } from "hono/factory";
import { problemPage } from "./problem-page.tsx";
import type { PagesEnv } from "./request.ts";

/** What a program may want of an error, and what a browser says that it wants of everything. */
const SUPPORTED = ["application/problem+json", "application/json", "text/html"];

/** Gives the request its id, and finds out whether a person looks: then errors are pages. */
export const begin = ({ newRequestId }: { readonly newRequestId: () => string }) =>
  createMiddleware<PagesEnv>(async function begin(c, next) {
    c.set("requestId", newRequestId());
    const wanted = accepts(c, { header: "Accept", supports: SUPPORTED, default: "application/problem+json" });
    if (wanted === "text/html") c.set("problemPage", problemPage);
    return next();
  });
