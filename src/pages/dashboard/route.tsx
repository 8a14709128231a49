import { Hono } from "hono";
import { chooseTenantRoute } from "../session/choose-tenant.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signInRoute } from "../session/sign-in.tsx";
import type { SignedInPorts } from "../session/signed-in.ts";
import { overviewRoute } from "./overview.tsx";

/** The tenant's dashboard: a client of `/v1` that answers in pages. */
export const dashboardRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>().route("/", signInRoute(s)).route("/tenant", chooseTenantRoute(s)).route("/", overviewRoute(s));
