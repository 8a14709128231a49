import { Hono } from "hono";
import * as v from "valibot";
import { PLATFORM } from "../core/act.ts";
import { problems } from "../core/problem.ts";
import { DeliveryView, EventType, PLATFORM_EVENTS, Uuid, WebhookView } from "../core/resources.ts";
import { sealSecret } from "../core/sealed-key.ts";
import type { Services } from "../core/services.ts";
import { currentVersion } from "../core/versioned.ts";
import { webhookTarget } from "../core/webhook-target.ts";
import { newWebhookSecret } from "../core/webhook.ts";
import { authorize } from "./authorize.ts";
import { body, NoBody, params, query } from "./describe.ts";
import { actOf, idempotent, rowOf } from "./idempotent.ts";
import type { AdminEnv } from "./request.ts";
import { found, pageAsked, Paged, pageOf, PageQuery } from "./shapes.ts";

const NewWebhook = v.strictObject({
  url: v.string(),
  events: v.pipe(
    v.array(EventType),
    v.minLength(1, "is empty"),
    v.check((events) => new Set(events).size === events.length, "repeats an event"),
  ),
});

/** With the secret in clear: this answer is the only place where it ever stands. */
const CreatedWebhook = v.object({ ...WebhookView.entries, secret: v.string() });

const WebhookParam = v.strictObject({ webhookId: Uuid });
const DeliveryParam = v.strictObject({ deliveryId: Uuid });
const DeliveryQuery = v.strictObject({ ...PageQuery(Uuid).entries, status: v.optional(DeliveryView.entries.status) });

export type WebhooksPorts = Pick<
  Services,
  | "webhooks"
  | "webhookTargets"
  | "controlQueue"
  | "keks"
  | "random"
  | "newEventId"
  | "tenants"
  | "users"
  | "outcomes"
  | "peppers"
  | "log"
>;

/** Where the tenant's events are sent; without a tenant, where the operator hears of everybody's. */
export const webhooksRoute = (s: WebhooksPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .get(
      "/",
      may("webhooks.list", { summary: "List webhooks", responses: { 200: Paged(WebhookView) } }),
      query(PageQuery(Uuid)),
      async (c) => c.json(pageOf(await s.webhooks.list(c.var.tenantId, pageAsked(c.req.valid("query"))))),
    )
    .post(
      "/",
      may("webhooks.create", {
        summary: "Have events sent to a URL; the secret they are signed with is shown once",
        responses: { 201: CreatedWebhook },
      }),
      body(NewWebhook),
      once,
      async (c) => {
        const { events, url: given } = c.req.valid("json");
        if (c.var.tenantId !== PLATFORM) refusePlatformEvents(events);
        const url = targetOf(s, given);
        const id = s.newEventId();
        const { clear, secret } = await newSecret(s, { tenantId: c.var.tenantId, id });
        // Receivers put secrets of their own into paths and queries.
        const detail = { origin: new URL(url).origin, events };
        const act = actOf(c, { action: "webhook.create", subject: id, detail, status: 201 });
        return c.json({ ...rowOf(await s.webhooks.create(act, { url, events, secret })), secret: clear }, 201);
      },
    )
    .get(
      "/:webhookId",
      may("webhooks.get", { summary: "Read a webhook, but for its secret", responses: { 200: WebhookView } }),
      params(WebhookParam),
      async (c) => c.json(found(await s.webhooks.find(c.var.tenantId, c.req.valid("param").webhookId))),
    )
    .delete(
      "/:webhookId",
      may("webhooks.delete", {
        summary: "Remove a webhook; what is still to be delivered to it is given up",
        responses: { 200: WebhookView },
      }),
      params(WebhookParam),
      body(NoBody),
      once,
      async (c) => {
        const { webhookId } = c.req.valid("param");
        const act = actOf(c, { action: "webhook.delete", subject: webhookId });
        return c.json(rowOf(await s.webhooks.remove(act, c.var.tenantId, webhookId)));
      },
    );
};

/** A webhook that nothing is ever sent to would look like one that works. */
function refusePlatformEvents(events: readonly string[]): void {
  const invalid = events.flatMap((event, at) =>
    PLATFORM_EVENTS.includes(event) ? [{ name: `events.${at}`, reason: "is for the operator's webhooks" }] : [],
  );
  if (invalid.length > 0) throw problems.invalidParameters(invalid);
}

/** What became of events on their way to webhooks. */
export const webhookDeliveriesRoute = (s: WebhooksPorts) => {
  const [may, once] = [authorize(s), idempotent(s)];
  return new Hono<AdminEnv>()
    .get(
      "/",
      may("webhook-deliveries.list", {
        summary: "List deliveries, newest first",
        responses: { 200: Paged(DeliveryView) },
      }),
      query(DeliveryQuery),
      async (c) => {
        const { status, ...page } = c.req.valid("query");
        return c.json(pageOf(await s.webhooks.deliveries(c.var.tenantId, { ...pageAsked(page), status })));
      },
    )
    .post(
      "/:deliveryId/replay",
      may("webhook-deliveries.replay", {
        summary: "Send a delivery again that was delivered or given up",
        responses: { 202: DeliveryView },
      }),
      params(DeliveryParam),
      body(NoBody),
      once,
      async (c) => {
        const { deliveryId } = c.req.valid("param");
        const act = actOf(c, { action: "webhook-delivery.replay", subject: deliveryId, status: 202 });
        const delivery = rowOf(await s.webhooks.replay(act, c.var.tenantId, deliveryId));
        await send(s, delivery);
        return c.json(delivery, 202);
      },
    );
};

function targetOf({ webhookTargets }: WebhooksPorts, url: string): string {
  const target = webhookTarget(url, webhookTargets);
  if (target.kind === "allowed") return target.url;
  throw problems.invalidParameters([{ name: "url", reason: target.reason }]);
}

async function newSecret({ keks, random }: WebhooksPorts, owner: { readonly tenantId: string; readonly id: string }) {
  const { version: kekVersion, value: kek } = currentVersion(await keks());
  const clear = newWebhookSecret(random);
  return {
    clear,
    secret: await sealSecret("webhook-secret", { ...owner, version: 1, clear, kek, kekVersion, random }),
  };
}

/** A message that is lost is no loss: the cron finds what is due. */
async function send({ controlQueue, log }: WebhooksPorts, { tenant_id: tenantId, event_id: eventId }: DeliveryView) {
  try {
    await controlQueue.send([{ kind: "event", tenantId, eventId }]);
  } catch (error) {
    log.error("webhook-event-not-sent", { error, eventId });
  }
}
