import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import type { DeliveryView, EventType } from "./resources.ts";

/** The specification asks for 24 to 64 random bytes. */
const SECRET_BYTES = 32;
const SECRET_PREFIX = "whsec_";

const LONGEST_DELAY_MS = 3_600_000;

/** Something that happened to a tenant, or to the platform. */
export type WebhookEvent = {
  readonly tenantId: string;
  /** Unique within the tenant. */
  readonly id: string;
  readonly type: EventType;
  readonly createdAt: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** What a receiver gets. The operator's receivers hear of every tenant, so the body names the tenant. */
export function webhookBody({ id, type, createdAt, tenantId, data }: WebhookEvent): string {
  return JSON.stringify({ id, type, created_at: createdAt, tenant_id: tenantId, data });
}

/** A secret in the form that libraries of Standard Webhooks take. */
export function newWebhookSecret(random: (bytes: number) => Uint8Array): string {
  return SECRET_PREFIX + toBase64(random(SECRET_BYTES));
}

type Signed = {
  /** Of the delivery, the same for every attempt: by it a receiver knows what it has seen before. */
  readonly id: string;
  readonly body: string;
  readonly secret: string;
  readonly nowMs: number;
};

/**
 * The headers of Standard Webhooks. The time is signed with the body, so that an old delivery cannot be played again. Throws, without
 * showing it, for a secret that is not `whsec_` and base64.
 */
export async function webhookHeaders({ id, body, secret, nowMs }: Signed): Promise<Record<string, string>> {
  const bytes = secret.startsWith(SECRET_PREFIX) ? fromBase64(secret.slice(SECRET_PREFIX.length)) : undefined;
  if (bytes === undefined) throw new RangeError("A secret of webhooks is whsec_ and base64.");
  const timestamp = String(Math.floor(nowMs / 1_000));
  const key = await crypto.subtle.importKey("raw", Uint8Array.from(bytes), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const signature = await crypto.subtle.sign("HMAC", key, utf8(`${id}.${timestamp}.${body}`));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${toBase64(new Uint8Array(signature))}`,
  };
}

/** What is to become of a delivery after an attempt. */
export type AfterAttempt = {
  readonly status: DeliveryView["status"];
  /** Of the reply; null when none came. */
  readonly lastStatus: number | null;
  /** Until the next attempt. */
  readonly delayMs: number;
};

export type RetryRules = { readonly firstDelayMs: number; readonly mostAttempts: number };

/**
 * Any 2xx is a receipt; a redirect is none, for a receiver that moved must be told to us and not to whoever answers there now. After a
 * failure the wait doubles, up to an hour; after the last attempt only a person brings it back.
 */
export function afterAttempt(attempts: number, lastStatus: number | null, rules: RetryRules): AfterAttempt {
  const isReceipt = lastStatus !== null && lastStatus >= 200 && lastStatus < 300;
  if (isReceipt) return { status: "delivered", lastStatus, delayMs: 0 };
  if (attempts >= rules.mostAttempts) return { status: "dead", lastStatus, delayMs: 0 };
  const delayMs = Math.min(rules.firstDelayMs * 2 ** (attempts - 1), LONGEST_DELAY_MS);
  return { status: "pending", lastStatus, delayMs };
}
