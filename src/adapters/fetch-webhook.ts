import type { Log } from "../core/ports.ts";
import { openSecret } from "../core/sealed-key.ts";
import { webhookHeaders } from "../core/webhook.ts";
import type { WebhookSender } from "../core/webhook-ports.ts";
import { webhookTarget, type Targets } from "../core/webhook-target.ts";

export type WebhookSettings = {
  readonly targets: Targets;
  /** For the reply's status. */
  readonly deadlineMs: number;
  readonly keks: () => Promise<ReadonlyMap<number, CryptoKey>>;
  readonly clock: () => number;
};

/**
 * Webhooks over fetch. The target is judged again although it was when it was stored: the rules may have become stricter since. Redirects
 * are not followed, for they could lead where no target may be; the reply's body is not read, for it could have any length.
 */
export function fetchWebhook({ targets, deadlineMs, keks, clock }: WebhookSettings, log: Log): WebhookSender {
  return {
    async send({ id, url, secret: sealed }, body) {
      const target = webhookTarget(url, targets);
      const secret = await openSecret("webhook-secret", sealed, await keks());
      if (target.kind === "refused" || secret === undefined) {
        const reason = target.kind === "refused" ? target.reason : "its secret does not open";
        log.error("webhook-not-sent", { deliveryId: id, reason });
        return null;
      }
      const signed = await webhookHeaders({ id, body, secret, nowMs: clock() });
      const headers = { ...signed, "content-type": "application/json", "user-agent": "tikedge/1" };
      try {
        const signal = AbortSignal.timeout(deadlineMs);
        const response = await fetch(target.url, { method: "POST", headers, body, redirect: "manual", signal });
        await response.body?.cancel().catch(() => undefined);
        return response.status;
      } catch {
        return null;
      }
    },
  };
}
