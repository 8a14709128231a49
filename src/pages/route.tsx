import { Hono } from "hono";
import { problems } from "../core/problem.ts";
import { begin } from "./begin.ts";
import { dashboardRoute, type DashboardPorts } from "./dashboard/route.tsx";
import { FrontPage } from "./front.tsx";
import { operatorRoute } from "./operator/route.tsx";
import { pageResponse } from "./render.ts";
import type { PagesEnv } from "./request.ts";
import { tryRoute, type TryPorts } from "./try/route.tsx";

export type PagesPorts = DashboardPorts & TryPorts;

/** What people look at, but for the public pages. It is code that an isolate reads when somebody first looks: see `when-asked.ts`. */
export const pagesRoute = (s: PagesPorts) =>
  new Hono<PagesEnv>()
    .use(begin(s))
    .get("/", (c) => {
      const { origin } = new URL(c.req.url);
      return pageResponse(<FrontPage isOpen={s.publicTenantId !== undefined} origin={origin} />);
    })
    .all("/", () => {
      throw problems.methodNotAllowed("GET, HEAD");
    })
    .route("/try", tryRoute(s))
    .route("/dashboard/operator", operatorRoute(s))
    .route("/dashboard", dashboardRoute(s))
    .all("*", (c) => {
      throw problems.unknownEndpoint(c.req.path);
    });
