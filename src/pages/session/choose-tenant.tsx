import { Hono } from "hono";
import type { FC } from "hono/jsx";
import * as v from "valibot";
import { Problem } from "../../core/problem.ts";
import { Uuid } from "../../core/resources.ts";
import { Page } from "../layout.tsx";
import { pageResponse } from "../render.ts";
import { askAs } from "./ask.ts";
import { CsrfField, Refusal } from "./form.tsx";
import type { Guarded, SessionEnv } from "./request.ts";
import { signedIn, type SignedInPorts } from "./signed-in.ts";

const Chosen = v.object({ id: Uuid, name: v.string() });

/** Which tenant a person or the operator looks at. A key has its own, and no choice. */
export const chooseTenantRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .use(...signedIn(s, "anything"))
    .get("/", (c) => pageResponse(<ChooseTenant by={c.var.guard()} tenantId={c.var.session.tenantId ?? ""} />))
    .post("/", async (c) => {
      const tenantId = (c.var.form.get("tenant") ?? "").trim();
      try {
        const { credential } = c.var.session;
        await askAs(s.control, c, { credential, tenantId }).get("/v1/tenant", Chosen);
        c.set("session", { ...c.var.session, tenantId });
        return c.redirect("/dashboard", 303);
      } catch (error) {
        if (!(error instanceof Problem) || error.status === 401) throw error;
        const page = <ChooseTenant by={c.var.guard()} tenantId={tenantId} problem={error} />;
        return pageResponse(page, { status: error.status });
      }
    });

type Props = { readonly by: Guarded; readonly tenantId: string; readonly problem?: Problem };

const ChooseTenant: FC<Props> = ({ by, tenantId, problem }) => (
  <Page title="Choose a tenant">
    <h1>Which tenant?</h1>
    <Refusal problem={problem} />
    <form method="post" action="/dashboard/tenant">
      <CsrfField by={by} />
      <label class="field">
        <span>Tenant id</span>
        <input name="tenant" required value={tenantId} autocomplete="off" spellcheck={false} />
        <span class="hint">A UUID: whoever made you a member of the tenant knows it.</span>
      </label>
      <button type="submit">Look at it</button>
    </form>
  </Page>
);
