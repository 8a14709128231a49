import type { EventType, UserRole } from "./resources.ts";

/** The platform itself, where a tenant's id is asked for: the nil UUID (RFC 9562, section 5.9), which no tenant can have. */
export const PLATFORM = "00000000-0000-0000-0000-000000000000";

/** Who acts, as the audit log names them. */
export type Actor =
  | { readonly kind: "operator" }
  | { readonly kind: "key"; readonly keyId: string }
  | { readonly kind: "user"; readonly userId: string; readonly role: UserRole }
  /** The gateway by itself: `name` says which part. */
  | { readonly kind: "system"; readonly name: string };

/** One act of the control plane. It is written to the audit log, and its event announced, in the transaction that does it. */
export type Act = {
  readonly actor: Actor;
  /** A verb on a thing, e.g. `key.revoke`. */
  readonly action: string;
  /** The id of what it is done on. */
  readonly subject: string;
  readonly requestId: string;
  /** What changed; never a secret. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** So that a repeated request does not act twice: the first outcome is kept under the key, without secrets. */
  readonly idempotency?: Idempotency | undefined;
  /** For webhooks; `id` is a UUIDv7. */
  readonly event?: { readonly id: string; readonly type: EventType; readonly data: Readonly<Record<string, unknown>> };
};

export type Idempotency = {
  /** Whose key it is: the tenant acted on, or `PLATFORM` for what is done on the platform. */
  readonly scope: string;
  /** Hex SHA-256 of what the client sent. */
  readonly key: string;
  /** Hex HMAC-SHA-256 of method, path and body: the same key with another request is a mistake of the client's. */
  readonly fingerprint: string;
  /** Of the outcome, e.g. 201. */
  readonly status: number;
  /** What is remembered of the outcome instead of the row, without secrets. */
  readonly body?: Readonly<Record<string, unknown>>;
};

/** What became of an act. `Row` is the thing as it is now. */
export type Acted<Row> =
  | { readonly kind: "done"; readonly row: Row }
  /** Nothing of this tenant's has that id. */
  | { readonly kind: "absent" }
  /** The thing is not in a state for it; `because` is public text. */
  | { readonly kind: "conflict"; readonly because: string }
  /** Another request with this idempotency key was first: its outcome is remembered. */
  | { readonly kind: "repeated" };

/** The id that the audit log gives an actor. */
export function actorId(actor: Actor): string {
  switch (actor.kind) {
    case "operator":
      return "operator";
    case "key":
      return actor.keyId;
    case "user":
      return actor.userId;
    case "system":
      return actor.name;
    default:
      return actor satisfies never;
  }
}
