import { Hono } from "hono";
import { problems } from "../core/problem.ts";
import { begin } from "./begin.ts";
import { FrontPage } from "./front.tsx";
import { pageResponse } from "./render.ts";
import type { PagesEnv } from "./request.ts";

/** The control plane as an app, asked without leaving the isolate. */
export type Control = {
  fetch(request: Request, env: unknown, context: ExecutionContext): Response | Promise<Response>;
};

export type PagesPorts = { readonly newRequestId: () => string; readonly control: Control };

/** What people look at, but for the public pages. It is code that an isolate reads when somebody first looks: see `when-asked.ts`. */
export const pagesRoute = (s: PagesPorts) =>
  new Hono<PagesEnv>()
    .use(begin(s))
    .get("/", () => pageResponse(<FrontPage />))
    .all("*", (c) => {
      throw problems.unknownEndpoint(c.req.path);
    });
