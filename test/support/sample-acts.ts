import { randomUUID } from "node:crypto";
import type { Act, Idempotency } from "../../src/core/act.ts";
import type { KeyMaterial, NewKey } from "../../src/core/control-ports.ts";

/** Of nobody. */
export const ABSENT = "0199c0de-0000-7000-8000-0000000000ff";

/** An act of the operator's; what it is called makes no difference to what it does. */
export function sampleAct(changes: Partial<Act> = {}): Act {
  return { actor: { kind: "operator" }, action: "thing.do", subject: "thing", requestId: "request", ...changes };
}

/** An act whose request may be repeated. */
export function repeatable(scope: string, changes: Partial<Act> = {}): Act & { readonly idempotency: Idempotency } {
  const idempotency = { scope, key: randomUUID(), fingerprint: "f", status: 201 };
  return { ...sampleAct(changes), idempotency };
}

/** A key that may read data, without an end. */
export function sampleRights(changes: Partial<NewKey> = {}): NewKey {
  const bounds = { endpoints: null, origins: [], daily_requests: null, expires_at: null };
  return { kind: "secret", name: "server", permissions: ["data"], ...bounds, ...changes };
}

/** What is kept of a key; `id` is 12 characters. */
export function sampleMaterial(id: string): KeyMaterial {
  return { id, digest: "0f".repeat(32), pepperVersion: 3, last4: id.slice(-4) };
}
