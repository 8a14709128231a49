import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { problems } from "../core/problem.ts";
import type { Services } from "../core/services.ts";
import { authenticate, type AuthenticatePorts } from "./authenticate.ts";
import { keysRoute } from "./keys.ts";
import { me } from "./me.ts";
import { peopleRoute } from "./people.ts";
import { readBody } from "./read-body.ts";
import type { AdminEnv } from "./request.ts";
import { ownTenantRoute, tenantsRoute } from "./tenants.ts";

/**
 * The control plane, under `/v1`. Every request is read and authenticated first; each route then says who may (`core/roles.ts`), what it
 * takes, and does it at most once per `Idempotency-Key`.
 */
export const adminRoute = (s: Services & Pick<AuthenticatePorts, "identifyKey">) =>
  new Hono<AdminEnv>()
    .use(keepNothing())
    .use(...readBody())
    .use(authenticate(s))
    .route("/me", me())
    .route("/", ownTenantRoute(s))
    .route("/tenants", tenantsRoute(s))
    .route("/keys", keysRoute(s))
    .route("/", peopleRoute(s))
    .all("*", (c) => {
      throw problems.unknownEndpoint(c.req.path);
    });

/** What the control plane says is for whoever asked, now. */
const keepNothing = () =>
  createMiddleware<AdminEnv>(async function keepNothing(c, next) {
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    c.header("x-request-id", c.var.requestId);
    return next();
  });
