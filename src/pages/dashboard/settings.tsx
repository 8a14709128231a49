import { Hono, type Context } from "hono";
import type { Problem } from "../../core/problem.ts";
import { TenantView } from "../../core/resources.ts";
import { usualWindows, type WindowOverrides } from "../../core/windows.ts";
import { pageResponse } from "../render.ts";
import { attempt, sentBy } from "../session/attempt.ts";
import { Refusal } from "../session/form.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Done } from "./done.tsx";
import { Dashboard } from "./frame.tsx";
import { NameForm, ScopeForm } from "./settings-forms.tsx";
import { windowsAsked, WindowsForm } from "./windows-form.tsx";

const PATH = "/dashboard/settings";
const DONE = { changed: "Changed. Other places may learn of it some seconds late." };

export type SettingsPorts = SignedInPorts & { readonly windowOverrides: WindowOverrides };

/** What a tenant decides of itself. */
export const settingsRoute = (s: SettingsPorts) =>
  new Hono<SessionEnv>()
    .use(...signedIn(s, "tenant"))
    .get("/", (c) => shown(s, c))
    .post("/", async (c) => {
      const changed = await attempt(c.var.ask.send("PATCH /v1/tenant", TenantView, sentBy(c, changeOf(c.var.form))));
      return changed.kind === "done" ? c.redirect(`${PATH}?done=changed`, 303) : shown(s, c, changed.problem);
    });

/** Each form changes one thing. */
function changeOf(form: URLSearchParams): Readonly<Record<string, unknown>> {
  const [name, scope] = [form.get("name"), form.get("cache_scope")];
  if (name !== null) return { name };
  if (scope !== null) return { cache_scope: scope };
  return form.has("windows") ? { windows: windowsAsked(form) } : {};
}

async function shown(s: SettingsPorts, c: Context<SessionEnv>, problem?: Problem): Promise<Response> {
  const { ask, session: who, guard, form } = c.var;
  const tenant = await ask.get("/v1/tenant", TenantView);
  const page = (
    <Dashboard title="Settings" part={PATH} who={who} guard={guard}>
      <Done done={c.req.query("done")} words={DONE} />
      <Refusal problem={problem} />
      <NameForm by={guard()} tenant={tenant} />
      <ScopeForm by={guard()} tenant={tenant} />
      <WindowsForm by={guard()} own={tenant.windows} usual={usualWindows(s.windowOverrides)} given={form} />
    </Dashboard>
  );
  return pageResponse(page, problem);
}
