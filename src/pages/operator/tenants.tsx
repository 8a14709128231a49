import { Hono } from "hono";
import { SpendingView } from "../../core/platform-resources.ts";
import { pageResponse } from "../render.ts";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { askForAll, Operator } from "./frame.tsx";
import { Margins, SpendingTable } from "./spending-views.tsx";

const PATH = "/dashboard/operator/tenants";

/** The tenants that spent most in this month, as many as one question brings. */
export const tenantsRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>().get("/", ...signedIn(s, "platform"), async (c) => {
    const spending = await askForAll(s, c).get("/v1/platform/spending?limit=100", SpendingView);
    const unlisted = spending.total.tenants - spending.data.length;
    return pageResponse(
      <Operator title="Tenants" part={PATH} c={c}>
        <Margins spending={spending} />
        <SpendingTable spending={spending} guard={c.var.guard} />
        {unlisted === 0 ? null : <p class="quiet">{unlisted} more spent less. They are in the figures above.</p>}
      </Operator>,
    );
  });
