import { Hono, type Context } from "hono";
import * as v from "valibot";
import type { Problem } from "../../core/problem.ts";
import { KeyView } from "../../core/resources.ts";
import { pageResponse } from "../render.ts";
import { attempt, sentBy } from "../session/attempt.ts";
import { Refusal } from "../session/form.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Done } from "./done.tsx";
import { Dashboard } from "./frame.tsx";
import { newKeyOf, PublishableKeyForm, SecretKeyForm } from "./key-forms.tsx";
import { KeyTable, OneKey } from "./key-views.tsx";
import { listPath, pageOf, Paging } from "./paging.tsx";
import { called } from "../say.ts";
import { ShownOnce } from "./shown-once.tsx";
import { typedNumber } from "./typed-number.ts";

const PATH = "/dashboard/keys";
const DONE = { revoked: "The key is revoked. Where it was used a moment ago it may work for some seconds more." };

/** A repeat has no secret. */
const Issued = v.object({ ...KeyView.entries, key: v.optional(v.string()) });

/** A tenant's gateway keys: issued, handed over to new ones, and ended. */
export const keysRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .use(...signedIn(s, "tenant"))
    .get("/", (c) => listed(s, c))
    .post("/", async (c) => {
      const issued = await attempt(c.var.ask.send("POST /v1/keys", Issued, sentBy(c, newKeyOf(c.var.form))));
      return issued.kind === "done" ? shown(c, issued.value) : listed(s, c, issued.problem);
    })
    .get("/:keyId", (c) => one(s, c))
    .post("/:keyId/rotate", async (c) => {
      const overlap_minutes = typedNumber((c.var.form.get("overlap_minutes") ?? "").trim());
      const what = `POST ${pathOf(c)}/rotate`;
      const rotated = await attempt(c.var.ask.send(what, Issued, sentBy(c, { overlap_minutes })));
      return rotated.kind === "done" ? shown(c, rotated.value) : one(s, c, rotated.problem);
    })
    .post("/:keyId/revoke", async (c) => {
      const revoked = await attempt(c.var.ask.send(`DELETE ${pathOf(c)}`, KeyView, sentBy(c)));
      return revoked.kind === "done" ? c.redirect(`${PATH}?done=revoked`, 303) : one(s, c, revoked.problem);
    });

function pathOf(c: Context<SessionEnv>): string {
  return `/v1/keys/${encodeURIComponent(c.req.param("keyId") ?? "")}`;
}

async function listed(s: SignedInPorts, c: Context<SessionEnv>, problem?: Problem): Promise<Response> {
  const { ask, session: who, guard, form } = c.var;
  const query = { cursor: c.req.query("cursor") };
  const { data, next_cursor: next } = await ask.get(listPath("/v1/keys", query), pageOf(KeyView));
  const page = (
    <Dashboard title="Keys" part={PATH} who={who} guard={guard}>
      <Done done={c.req.query("done")} words={DONE} />
      <Refusal problem={problem} />
      <KeyTable keys={data} nowMs={s.clock()} />
      <Paging path={PATH} next={next} query={query} />
      <SecretKeyForm by={guard()} given={form} />
      <PublishableKeyForm by={guard()} given={form} />
    </Dashboard>
  );
  return pageResponse(page, problem);
}

async function one(s: SignedInPorts, c: Context<SessionEnv>, problem?: Problem): Promise<Response> {
  const { ask, session: who, guard } = c.var;
  const key = await ask.get(pathOf(c), KeyView);
  const page = (
    <Dashboard title={called(key)} part={PATH} who={who} guard={guard}>
      <Refusal problem={problem} />
      <OneKey of={key} nowMs={s.clock()} guard={guard} isOwn={who.who === `key ${key.id}`} />
    </Dashboard>
  );
  return pageResponse(page, problem);
}

function shown(c: Context<SessionEnv>, { id, name, key }: v.InferOutput<typeof Issued>): Response {
  const { session: who, guard } = c.var;
  return pageResponse(
    <Dashboard title={called({ name, id })} part={PATH} who={who} guard={guard}>
      <ShownOnce what={`new key ${id}`} secret={key} />
      <p>
        <a href={PATH}>Back to all keys</a>
      </p>
    </Dashboard>,
  );
}
