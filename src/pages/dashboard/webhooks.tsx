import { Hono, type Context } from "hono";
import * as v from "valibot";
import type { Problem } from "../../core/problem.ts";
import { DeliveryView, WebhookView } from "../../core/resources.ts";
import { pageResponse } from "../render.ts";
import { attempt, sentBy } from "../session/attempt.ts";
import { Refusal } from "../session/form.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Done } from "./done.tsx";
import { Dashboard } from "./frame.tsx";
import { listPath, pageOf, Paging } from "./paging.tsx";
import { ShownOnce } from "./shown-once.tsx";
import { Deliveries, NewWebhookForm, WebhookList } from "./webhook-views.tsx";

const PATH = "/dashboard/webhooks";
const DONE = {
  removed: "The webhook is removed. What was still to be delivered to it is given up.",
  replayed: "It is on its way again.",
};

/** A repeat has no secret. */
const Created = v.object({ ...WebhookView.entries, secret: v.optional(v.string()) });

/** Where the tenant's events are sent, and what became of them. */
export const webhooksRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .use(...signedIn(s, "tenant"))
    .get("/", (c) => listed(c))
    .post("/", async (c) => {
      const asked = { url: (c.var.form.get("url") ?? "").trim(), events: c.var.form.getAll("events") };
      const created = await attempt(c.var.ask.send("POST /v1/webhooks", Created, sentBy(c, asked)));
      return created.kind === "done" ? shown(c, created.value) : listed(c, created.problem);
    })
    .post("/:webhookId/remove", async (c) => {
      const what = `DELETE /v1/webhooks/${encodeURIComponent(c.req.param("webhookId"))}`;
      const removed = await attempt(c.var.ask.send(what, WebhookView, sentBy(c)));
      return removed.kind === "done" ? c.redirect(`${PATH}?done=removed`, 303) : listed(c, removed.problem);
    })
    .post("/deliveries/:deliveryId/replay", async (c) => {
      const what = `POST /v1/webhook-deliveries/${encodeURIComponent(c.req.param("deliveryId"))}/replay`;
      const replayed = await attempt(c.var.ask.send(what, DeliveryView, sentBy(c)));
      return replayed.kind === "done" ? c.redirect(`${PATH}?done=replayed`, 303) : listed(c, replayed.problem);
    });

async function listed(c: Context<SessionEnv>, problem?: Problem): Promise<Response> {
  const { ask, session: who, guard, form } = c.var;
  const query = { status: c.req.query("status"), cursor: c.req.query("cursor") };
  const [webhooks, deliveries] = await Promise.all([
    ask.get("/v1/webhooks?limit=100", pageOf(WebhookView)),
    ask.get(listPath("/v1/webhook-deliveries", query), pageOf(DeliveryView)),
  ]);
  const page = (
    <Dashboard title="Webhooks" part={PATH} who={who} guard={guard}>
      <Done done={c.req.query("done")} words={DONE} />
      <Refusal problem={problem} />
      <WebhookList webhooks={webhooks.data} guard={guard} />
      <NewWebhookForm by={guard()} given={form} />
      <h2>Deliveries</h2>
      <Deliveries deliveries={deliveries.data} webhooks={webhooks.data} status={query.status} guard={guard} />
      <Paging path={PATH} next={deliveries.next_cursor} query={query} />
    </Dashboard>
  );
  return pageResponse(page, problem);
}

function shown(c: Context<SessionEnv>, { url, secret }: v.InferOutput<typeof Created>): Response {
  const { session: who, guard } = c.var;
  return pageResponse(
    <Dashboard title="Webhook made" part={PATH} who={who} guard={guard}>
      <p>
        Events are sent to <code>{url}</code>.
      </p>
      <ShownOnce what="secret that deliveries are signed with" secret={secret} />
      <p>
        <a href={PATH}>Back to all webhooks</a>
      </p>
    </Dashboard>,
  );
}
