import type { ControlMessage } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";
import { afterAttempt, webhookBody, type RetryRules } from "../core/webhook.ts";
import type { Claim, Deliveries, Delivery, WebhookSender } from "../core/webhook-ports.ts";
import type { Consumed } from "./consume.ts";

export type AnnouncePorts = {
  readonly deliveries: Deliveries;
  readonly webhookSender: WebhookSender;
  readonly webhookRetries: RetryRules;
  readonly log: Log;
};

/**
 * Delivers an event to the webhooks of its tenant and of the platform: what is due, a few at a time, until nothing is, and then comes back
 * when something will be. What was handed out is in nobody else's hands and what was delivered is never handed out again, so a message
 * that comes twice, or twice at once, delivers nothing twice; only a Worker that ends between a receipt and its note does.
 */
export async function announceEvent(
  ports: AnnouncePorts,
  { tenantId, eventId }: Extract<ControlMessage, { kind: "event" }>,
): Promise<Consumed> {
  for (;;) {
    const claim = await ports.deliveries.claim({ tenantId, eventId });
    switch (claim.kind) {
      case "due":
        await attemptAll(ports, claim);
        break;
      case "later":
        return { kind: "again", afterSeconds: Math.max(1, Math.ceil(claim.inMs / 1_000)) };
      case "done":
        return { kind: "done" };
      case "absent":
        return { kind: "hopeless", reason: "there is no such event" };
      default:
        return claim satisfies never;
    }
  }
}

async function attemptAll(ports: AnnouncePorts, { event, deliveries }: Extract<Claim, { kind: "due" }>): Promise<void> {
  const body = webhookBody(event);
  await Promise.all(deliveries.map((delivery) => attempt(ports, delivery, body)));
}

/** An attempt without a note counts as none that ended: the delivery is due again when its claim is over. */
async function attempt(
  { deliveries, webhookSender, webhookRetries, log }: AnnouncePorts,
  delivery: Delivery,
  body: string,
): Promise<void> {
  const lastStatus = await webhookSender.send(delivery, body);
  const after = afterAttempt(delivery.attempts, lastStatus, webhookRetries);
  const { ownerId, id: deliveryId, attempts } = delivery;
  try {
    await deliveries.conclude(delivery, after);
    log.info("webhook-attempted", { ownerId, deliveryId, attempts, lastStatus, status: after.status });
  } catch (error) {
    log.error("webhook-attempt-not-noted", { error, ownerId, deliveryId, attempts, lastStatus });
  }
}
