import { Hono } from "hono";
import { TenantView } from "../../core/resources.ts";
import { pageResponse } from "../render.ts";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Dashboard } from "./frame.tsx";

/** What a tenant's owner looks at first. */
export const overviewRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>().get("/", ...signedIn(s, "tenant"), async (c) => {
    const { ask, guard, session } = c.var;
    const tenant = await ask.get("/v1/tenant", TenantView);
    return pageResponse(
      <Dashboard title="Overview" part="/dashboard" who={session} guard={guard}>
        <p class="lead">{tenant.name}</p>
      </Dashboard>,
    );
  });
