import { Hono } from "hono";
import { healthz, livez } from "./admin/health.ts";
import { adminRoute } from "./admin/route.ts";
import type { Services } from "./core/services.ts";
import { onError } from "./on-error.ts";
import { beginRoutes } from "./proxy/begin.ts";
import { identifyKey } from "./proxy/identify.ts";
import type { ProxyEnv } from "./proxy/request.ts";
import { proxyRoute } from "./proxy/route.ts";

/** The whole HTTP surface. */
export const app = (s: Services) =>
  new Hono<ProxyEnv>()
    .onError(onError(s.log))
    .get("/livez", livez())
    .get("/healthz", healthz(s))
    .use("/v1/*", beginRoutes(s))
    .route("/v1", adminRoute({ ...s, identifyKey: identifyKey(s) }))
    .all("*", proxyRoute(s));

/** What the typed client is made from: `hc<AppType>(baseUrl)`. */
export type AppType = ReturnType<typeof app>;
