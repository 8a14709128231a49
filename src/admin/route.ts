import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import type { RouterRoute } from "hono/types";
import { problems } from "../core/problem.ts";
import type { Services } from "../core/services.ts";
import { alertsRoute } from "./alerts.ts";
import { authenticate, type AuthenticatePorts } from "./authenticate.ts";
import { explainRoute } from "./explain.ts";
import { invoicesRoute } from "./invoices.ts";
import { keyReadingsRoute } from "./key-readings.ts";
import { deadMessagesRoute } from "./dead-messages.ts";
import { keysRoute } from "./keys.ts";
import { latencyRoute } from "./latency.ts";
import { limitCaller } from "./limit-caller.ts";
import { me } from "./me.ts";
import { peopleRoute } from "./people.ts";
import { platformRoute } from "./platform.ts";
import { platformKeysRoute } from "./platform-keys.ts";
import { purgeCacheRoute } from "./purge-cache.ts";
import { quotaRoute } from "./quota.ts";
import { readBody } from "./read-body.ts";
import { refuseUnread } from "./refuse-unread.ts";
import type { AdminEnv } from "./request.ts";
import { reportDeadUrlRoute } from "./report-dead-url.ts";
import { ownTenantRoute, tenantsRoute } from "./tenants.ts";
import { upstreamKeyRoute } from "./upstream-key.ts";
import { usageRoute } from "./usage.ts";
import { webhookDeliveriesRoute, webhooksRoute } from "./webhooks.ts";
import { wrappingKeyRoute } from "./wrapping-key.ts";

export type AdminPorts = Services & Pick<AuthenticatePorts, "identifyKey">;

/**
 * The control plane, under `/v1`: every request is read and authenticated first; each route then says who may (`core/roles.ts`) and what
 * it takes, and does it once per `Idempotency-Key`.
 */
export const adminRoute = (s: AdminPorts) => {
  const routes = operationRoutes(s);
  return new Hono<AdminEnv>()
    .use(keepNothing())
    .use(...readBody())
    .use(authenticate(s))
    .use(limitCaller(s.limiter, s.clock))
    .use(refuseUnread())
    .route("/", routes)
    .all("*", refuse(routes.routes));
};

const operationRoutes = (s: AdminPorts) =>
  new Hono<AdminEnv>()
    .route("/me", me())
    .route("/", ownTenantRoute(s))
    .route("/tenants", tenantsRoute(s))
    .route("/keys", keysRoute(s))
    .route("/upstream-key", upstreamKeyRoute(s))
    .route("/platform-keys", platformKeysRoute(s))
    .route("/platform-keys", keyReadingsRoute(s))
    .route("/platform", platformRoute(s))
    .route("/usage", usageRoute(s))
    .route("/latency", latencyRoute(s))
    .route("/invoices", invoicesRoute(s))
    .route("/quota", quotaRoute(s))
    .route("/explain", explainRoute(s))
    .route("/cache", purgeCacheRoute(s))
    .route("/cache", reportDeadUrlRoute(s))
    .route("/dead-messages", deadMessagesRoute(s))
    .route("/wrapping-key", wrappingKeyRoute(s))
    .route("/alerts", alertsRoute(s))
    .route("/webhooks", webhooksRoute(s))
    .route("/webhook-deliveries", webhookDeliveriesRoute(s))
    .route("/", peopleRoute(s));

/** What the control plane says is for whoever asked, now. */
const keepNothing = () =>
  createMiddleware<AdminEnv>(async function keepNothing(c, next) {
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    c.header("x-request-id", c.var.requestId);
    return next();
  });

/** What no route took: a path that there is not, or a method that the path does not have. */
const refuse = (routes: readonly RouterRoute[]) => {
  const known = routes.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  return createMiddleware<AdminEnv>(async function refuse(c) {
    const path = c.req.path.replace(/^\/v1/, "");
    const methods = new Set(known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method));
    if (methods.size > 0) throw problems.methodNotAllowed([...methods].join(", "));
    throw problems.unknownEndpoint(c.req.path);
  });
};

/** `/keys/:keyId` as a pattern of exactly such paths. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`);
}
