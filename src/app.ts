import { Hono } from "hono";
import { healthz, livez } from "./admin/health.ts";
import { adminRoute } from "./admin/route.ts";
import type { Services } from "./core/services.ts";
import { onError } from "./on-error.ts";
import { whenAsked } from "./pages/when-asked.ts";
import { beginRoutes } from "./proxy/begin.ts";
import { identifyKey } from "./proxy/identify.ts";
import type { ProxyEnv } from "./proxy/request.ts";
import { proxyRoute } from "./proxy/route.ts";

/** The whole HTTP surface. */
export const app = (s: Services) => {
  const control = controlPlane(s);
  const pages = whenAsked(async () => {
    const { pagesRoute } = await import("./pages/route.tsx");
    // The dashboard asks the control plane what any other client would.
    const asked = new Hono<ProxyEnv>().onError(onError(s.log)).route("/", control);
    return pagesRoute({ ...s, control: asked }).onError(onError(s.log));
  });
  return new Hono<ProxyEnv>()
    .onError(onError(s.log))
    .get("/livez", livez())
    .get("/healthz", healthz(s))
    .route("/", control)
    .all("/", pages)
    .all("/dashboard", pages)
    .all("/dashboard/*", pages)
    .all("*", proxyRoute(s));
};

const controlPlane = (s: Services) =>
  new Hono<ProxyEnv>().use("/v1/*", beginRoutes(s)).route("/v1", adminRoute({ ...s, identifyKey: identifyKey(s) }));

/** What the typed client is made from: `hc<AppType>(baseUrl)`. */
export type AppType = ReturnType<typeof app>;
