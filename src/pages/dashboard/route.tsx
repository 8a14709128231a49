import { Hono } from "hono";
import { chooseTenantRoute } from "../session/choose-tenant.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signInRoute } from "../session/sign-in.tsx";
import type { SignedInPorts } from "../session/signed-in.ts";
import { auditRoute } from "./audit.tsx";
import { keysRoute } from "./keys.tsx";
import { overviewRoute } from "./overview.tsx";
import { upstreamKeyRoute } from "./upstream-key.tsx";
import { usageRoute } from "./usage.tsx";

/** The tenant's dashboard: a client of `/v1` that answers in pages. */
export const dashboardRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .route("/", signInRoute(s))
    .route("/tenant", chooseTenantRoute(s))
    .route("/", overviewRoute(s))
    .route("/", usageRoute(s))
    .route("/keys", keysRoute(s))
    .route("/upstream-key", upstreamKeyRoute(s))
    .route("/audit", auditRoute(s));
