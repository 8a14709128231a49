import { Hono, type Context } from "hono";
import * as v from "valibot";
import type { Problem } from "../../core/problem.ts";
import { UpstreamKeySwap, UpstreamKeyVersion, UpstreamKeyView } from "../../core/resources.ts";
import { pageResponse } from "../render.ts";
import { attempt, sentBy } from "../session/attempt.ts";
import { Refusal } from "../session/form.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Done } from "./done.tsx";
import { Dashboard } from "./frame.tsx";
import { PasteForm, Probes, SharedForm, Standing, Swapped, Versions } from "./upstream-key-views.tsx";

const PATH = "/dashboard/upstream-key";
const DONE = { shared: "The tenant is on the platform's keys, and its own key is erased." };

const Swap = v.object({ ...UpstreamKeySwap.entries, pending: v.optional(v.boolean()) });

/** Which upstream key pays, and the change between the platform's and the tenant's own. */
export const upstreamKeyRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .use(...signedIn(s, "tenant"))
    .get("/", (c) => stands(c))
    .post("/", async (c) => {
      // What people paste has the line's end with it.
      const key = (c.var.form.get("key") ?? "").trim();
      const swapped = await attempt(c.var.ask.send("PUT /v1/upstream-key", Swap, sentBy(c, { key })));
      return stands(c, swapped.kind === "done" ? { swap: swapped.value } : { problem: swapped.problem });
    })
    .post("/remove", async (c) => {
      const removed = await attempt(c.var.ask.send("DELETE /v1/upstream-key", UpstreamKeyVersion, sentBy(c)));
      if (removed.kind === "refused") return stands(c, { problem: removed.problem });
      return c.redirect(`${PATH}?done=shared`, 303);
    });

type Outcome = { readonly swap?: UpstreamKeySwap; readonly problem?: Problem };

async function stands(c: Context<SessionEnv>, { swap, problem }: Outcome = {}): Promise<Response> {
  const { ask, session: who, guard } = c.var;
  const state = await ask.get("/v1/upstream-key", UpstreamKeyView);
  const page = (
    <Dashboard title="Upstream key" part={PATH} who={who} guard={guard}>
      <Done done={c.req.query("done")} words={DONE} />
      <Refusal problem={problem} />
      {problem === undefined ? null : <Probes of={problem.members} />}
      {swap === undefined ? null : <Swapped swap={swap} />}
      <Standing state={state} />
      <Versions versions={state.versions} />
      {state.allowed ? <PasteForm by={guard()} mode={state.mode} /> : null}
      {state.mode === "byo" ? <SharedForm by={guard()} /> : null}
    </Dashboard>
  );
  return pageResponse(page, problem);
}
