import { Hono } from "hono";
import { healthz, livez } from "./admin/health.ts";
import type { Services } from "./core/services.ts";
import { onError } from "./on-error.ts";
import { begin } from "./proxy/begin.ts";
import type { ProxyEnv } from "./proxy/request.ts";
import { proxyRoute } from "./proxy/route.ts";

/** The whole HTTP surface. */
export const app = (s: Services) =>
  new Hono<ProxyEnv>()
    .onError(onError(s.log))
    .use(begin(s))
    .get("/livez", livez())
    .get("/healthz", healthz(s))
    .route("/", proxyRoute(s));
