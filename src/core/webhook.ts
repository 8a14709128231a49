import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import type { EventType } from "./resources.ts";

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

/** How long to wait after `attempts` attempts failed: from `firstMs`, twice as long each time, an hour at most. */
export function webhookDelayMs(attempts: number, firstMs: number): number {
  return Math.min(firstMs * 2 ** (attempts - 1), LONGEST_DELAY_MS);
}
