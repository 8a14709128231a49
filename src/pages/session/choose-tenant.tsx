import { Hono } from "hono";
import type { FC } from "hono/jsx";
import * as v from "valibot";
import { problems, type Problem } from "../../core/problem.ts";
import { Uuid } from "../../core/resources.ts";
import type { Session } from "../../core/session.ts";
import { isUuid } from "../../core/uuid7.ts";
import { Page } from "../layout.tsx";
import { pageResponse } from "../render.ts";
import { askAs, type Ask } from "./ask.ts";
import { attempt, type Attempted } from "./attempt.ts";
import { CsrfField, Refusal } from "./form.tsx";
import type { Guarded, SessionEnv } from "./request.ts";
import { SignedInAs } from "./signed-in-as.tsx";
import { signedIn, type SignedInPorts } from "./signed-in.ts";

const Chosen = v.object({ id: Uuid, name: v.string() });

/** Which tenant a person or the operator looks at. A key has its own, and no choice. */
export const chooseTenantRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .use(...signedIn(s, "choice"))
    .get("/", ({ var: { session, guard } }) =>
      pageResponse(<ChooseTenant who={session} guard={guard} tenantId={session.tenantId ?? ""} />),
    )
    .post("/", async (c) => {
      const { session, guard, form } = c.var;
      const tenantId = (form.get("tenant") ?? "").trim().toLowerCase();
      const found = await find(tenantId, askAs(s.control, c, { ...session, tenantId }));
      if (found.kind === "done") {
        c.set("session", { ...session, tenantId });
        return c.redirect("/dashboard", 303);
      }
      const { problem } = found;
      const page = <ChooseTenant who={session} guard={guard} tenantId={tenantId} problem={problem} />;
      return pageResponse(page, problem);
    });

/** Whether who is signed in may look at it. What no header holds is not asked about. */
async function find(tenantId: string, ask: Ask): Promise<Attempted<unknown>> {
  if (isUuid(tenantId)) return attempt(ask.get("/v1/tenant", Chosen));
  return { kind: "refused", problem: problems.invalidParameters([{ name: "tenant", reason: "is not a UUID" }]) };
}

type Props = {
  readonly who: Session;
  readonly guard: () => Guarded;
  readonly tenantId: string;
  readonly problem?: Problem;
};

const ChooseTenant: FC<Props> = ({ who, guard, tenantId, problem }) => (
  <Page title="Choose a tenant" aside={<SignedInAs who={who} by={guard()} />}>
    <h1>Which tenant?</h1>
    <Refusal problem={problem} />
    <form method="post" action="/dashboard/tenant">
      <CsrfField by={guard()} />
      <label class="field">
        <span>Tenant id</span>
        <input name="tenant" required value={tenantId} autocomplete="off" spellcheck={false} />
        <span class="hint">A UUID: whoever made you a member of the tenant knows it.</span>
      </label>
      <button type="submit">Look at it</button>
    </form>
  </Page>
);
