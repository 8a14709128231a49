import { Hono } from "hono";
import { keepNothing } from "../keep-nothing.ts";
import { chooseTenantRoute } from "../session/choose-tenant.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signInRoute, type SignInPorts } from "../session/sign-in.tsx";
import { alertsRoute } from "./alerts.tsx";
import { auditRoute } from "./audit.tsx";
import { keysRoute } from "./keys.tsx";
import { overviewRoute } from "./overview.tsx";
import { settingsRoute, type SettingsPorts } from "./settings.tsx";
import { upstreamKeyRoute } from "./upstream-key.tsx";
import { usageRoute } from "./usage.tsx";
import { webhooksRoute } from "./webhooks.tsx";

export type DashboardPorts = SignInPorts & SettingsPorts;

/** The tenant's dashboard: a client of `/v1` that answers in pages. */
export const dashboardRoute = (s: DashboardPorts) =>
  new Hono<SessionEnv>()
    .use(keepNothing())
    .route("/", signInRoute(s))
    .route("/tenant", chooseTenantRoute(s))
    .route("/", overviewRoute(s))
    .route("/", usageRoute(s))
    .route("/keys", keysRoute(s))
    .route("/upstream-key", upstreamKeyRoute(s))
    .route("/alerts", alertsRoute(s))
    .route("/settings", settingsRoute(s))
    .route("/webhooks", webhooksRoute(s))
    .route("/audit", auditRoute(s));
