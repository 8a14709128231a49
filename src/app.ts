import { Hono, type Handler } from "hono";
import { healthz, livez } from "./admin/health.ts";
import { adminRoute } from "./admin/route.ts";
import type { Services } from "./core/services.ts";
import { onError } from "./on-error.ts";
import { throughCache } from "./pages/tags/through-cache.ts";
import { whenAsked } from "./pages/when-asked.ts";
import { beginRoutes } from "./proxy/begin.ts";
import { identifyKey } from "./proxy/identify.ts";
import type { ProxyEnv } from "./proxy/request.ts";
import { proxyRoute } from "./proxy/route.ts";

/** The whole HTTP surface. `publicPages`: what is behind their cache. */
export const app = (s: Services, publicPages = publicApp(s)) => {
  const control = controlPlane(s);
  const data = proxyRoute(s);
  const publicly = throughTheirCache(publicPages);
  const pages = whenAsked(async () => {
    const { pagesRoute } = await import("./pages/route.tsx");
    // Pages ask both planes what any other client would.
    const askControl = new Hono<ProxyEnv>().onError(onError(s.log)).route("/", control);
    const askData = new Hono<ProxyEnv>().onError(onError(s.log)).all("*", data);
    return pagesRoute({ ...s, control: askControl, data: askData }).onError(onError(s.log));
  });
  return new Hono<ProxyEnv>()
    .onError(onError(s.log))
    .get("/livez", livez())
    .get("/healthz", healthz(s))
    .route("/", control)
    .all("/", pages)
    .all("/try", pages)
    .all("/dashboard", pages)
    .all("/dashboard/*", pages)
    .all("/tags", publicly)
    .all("/tags/*", publicly)
    .all("/sitemap.xml", publicly)
    .all("/robots.txt", publicly)
    .all("*", data);
};

/** The public pages, as the entrypoint of their own serves them. It reads no credential. */
export const publicApp = (s: Services) => {
  const pages = whenAsked(async () => {
    const { publicPagesRoute } = await import("./pages/tags/route.tsx");
    return publicPagesRoute(s).onError(onError(s.log));
  });
  return new Hono<ProxyEnv>().onError(onError(s.log)).all("*", pages);
};

type Fetcher = { fetch(request: Request): Response | Promise<Response> };

/** By the platform's own loopback, which has the cache; a build that exports no such class asks the same pages without one. */
const throughTheirCache = (pages: ReturnType<typeof publicApp>): Handler =>
  function throughTheirCache(c) {
    const { exports }: { readonly exports?: { readonly PublicPages?: Fetcher } } = c.executionCtx;
    const request = throughCache(c.req.raw);
    return exports?.PublicPages?.fetch(request) ?? pages.fetch(request, c.env, c.executionCtx);
  };

const controlPlane = (s: Services) =>
  new Hono<ProxyEnv>().use("/v1/*", beginRoutes(s)).route("/v1", adminRoute({ ...s, identifyKey: identifyKey(s) }));

/** What the typed client is made from: `hc<AppType>(baseUrl)`. */
export type AppType = ReturnType<typeof app>;
