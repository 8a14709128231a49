import type { Act, Acted } from "./act.ts";
import type { Page, PageOf } from "./control-ports.ts";
import type { AlertView, DeliveryView, EventType, WebhookView } from "./resources.ts";
import type { SealedSecret } from "./sealed-key.ts";
import type { AfterAttempt, WebhookEvent } from "./webhook.ts";

/** `secret` says whose it is: its tenant is the webhook's, and its id is the webhook's. */
export type NewWebhook = {
  readonly url: string;
  readonly events: readonly EventType[];
  readonly secret: SealedSecret;
};

/** Where a tenant, or the platform (`PLATFORM`), wants its events sent. All throw `Unavailable` when Postgres does not answer. */
export type Webhooks = {
  /** A conflict when the tenant has as many as it may have. */
  create(act: Act, webhook: NewWebhook): Promise<Acted<WebhookView>>;
  find(tenantId: string, webhookId: string): Promise<WebhookView | undefined>;
  list(tenantId: string, page: Page): Promise<PageOf<WebhookView>>;
  /** Erases its secret. What is still to be delivered to it will be given up. */
  remove(act: Act, tenantId: string, webhookId: string): Promise<Acted<WebhookView>>;
  /** Newest first: ids are UUIDv7, and a page goes on below `after`. */
  deliveries(
    tenantId: string,
    asked: Page & { readonly status?: DeliveryView["status"] | undefined },
  ): Promise<PageOf<DeliveryView>>;
  /** Makes a delivery that was delivered or is dead due at once, with all its attempts before it. */
  replay(act: Act, tenantId: string, deliveryId: string): Promise<Acted<DeliveryView>>;
};

/** What happened, as it is kept for webhooks. Throws `Unavailable` when Postgres does not answer. */
export type Alerts = {
  /** Newest first; a page goes on below `after`, which the page before gave. */
  list(tenantId: string, page: Page): Promise<PageOf<AlertView>>;
};

/** An event by whose it is. */
export type EventRef = { readonly tenantId: string; readonly eventId: string };

/** One event on its way to one webhook. */
export type Delivery = {
  /** The webhook's owner: the event's tenant, or `PLATFORM`. */
  readonly ownerId: string;
  readonly id: string;
  readonly url: string;
  readonly secret: SealedSecret;
  /** The attempt that it was handed out for among them. */
  readonly attempts: number;
};

export type Claim =
  | { readonly kind: "due"; readonly event: WebhookEvent; readonly deliveries: readonly Delivery[] }
  /** None is due yet: some are later, or in somebody else's hands. */
  | { readonly kind: "later"; readonly inMs: number }
  /** Everything is delivered or given up. */
  | { readonly kind: "done" }
  | { readonly kind: "absent" };

/** What is to be delivered, from the queue's side. Throws when Postgres does not answer: the message is then delivered again. */
export type Deliveries = {
  /**
   * Makes a delivery for every webhook that wants the event, once, and hands out some that are due, each to one caller only until the time
   * that an attempt may take is over. What can be attempted no more is given up here.
   */
  claim(event: EventRef): Promise<Claim>;
  /** What the attempt led to. Once it was handed out again it changes nothing, but for a receipt. */
  conclude(delivery: Delivery, after: AfterAttempt): Promise<void>;
  /** Events with something overdue, so that no message seems to carry them any more; longest overdue first. */
  overdue(limit: number): Promise<readonly EventRef[]>;
};

/** Sends one delivery. Never throws; the reply's status, or null when none came in time or nothing could be sent. */
export type WebhookSender = { send(delivery: Delivery, body: string): Promise<number | null> };
