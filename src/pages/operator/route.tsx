import { Hono } from "hono";
import { keepNothing } from "../keep-nothing.ts";
import type { SessionEnv } from "../session/request.ts";
import type { SignedInPorts } from "../session/signed-in.ts";
import { deadMessagesRoute } from "./dead-messages.tsx";
import { deploymentRoute } from "./deployment.tsx";
import { tenantsRoute } from "./tenants.tsx";

/** The operator's view of all tenants: a client of `/v1` that answers in pages. Nobody but the operator gets to it. */
export const operatorRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .use(keepNothing())
    .route("/", deploymentRoute(s))
    .route("/tenants", tenantsRoute(s))
    .route("/dead-messages", deadMessagesRoute(s));
