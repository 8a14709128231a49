import type { Act, Acted } from "./act.ts";
import type { Change } from "./changes.ts";
import type { Alongside, AnswerKey, Background, WaitBudget } from "./ports.ts";
import type { PurgedAt } from "./purge.ts";
import type {
  AuditView,
  KeyView,
  PlanName,
  PlanView,
  TenantView,
  UpstreamKeyVersion,
  UserRole,
  UserView,
  WrappingRotation,
} from "./resources.ts";
import type { SealedSecret } from "./sealed-key.ts";
import type { TenantWindows } from "./tenant-windows.ts";
import type { KeyRecord, SealedUpstreamKey } from "./tenant.ts";

/** `after` is the id that the last page ended with; rows are ordered by id. */
export type Page = { readonly limit: number; readonly after: string | null };
/** `next` is null on the last page. */
export type PageOf<Row> = { readonly rows: readonly Row[]; readonly next: string | null };

/** Everything below throws `Unavailable` when Postgres does not answer; a mutation may then have been committed. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

export type NewTenant = {
  readonly id: string;
  readonly name: string;
  readonly plan: PlanName;
  readonly region: string;
  readonly on_invalid_key: TenantView["on_invalid_key"];
  readonly trial_ends_at: string | null;
  readonly monthly_quota: number | null;
};

/** What is left out stays as it is. */
export type TenantChange = Partial<Omit<NewTenant, "id">>;

/** What a tenant may change of itself. Windows replace all that were chosen before; null takes them back. */
export type OwnChange = {
  readonly name?: string;
  readonly cache_scope?: TenantView["cache_scope"];
  readonly windows?: TenantWindows | null;
};

/** Tenants as the operator keeps them. A deleted tenant is absent to all but `list` and `wasThere`. */
export type Tenants = {
  plans(): Promise<readonly PlanView[]>;
  create(act: Act, tenant: NewTenant): Promise<Acted<TenantView>>;
  find(tenantId: string): Promise<TenantView | undefined>;
  /** Whether there is such a tenant, or was one that is deleted. */
  wasThere(tenantId: string): Promise<boolean>;
  list(page: Page): Promise<PageOf<TenantView>>;
  /** A new plan ends a trial unless the change sets one. A plan without own keys puts the tenant back on the platform's. */
  change(act: Act, tenantId: string, change: TenantChange): Promise<Acted<TenantView>>;
  setStatus(act: Act, tenantId: string, status: TenantView["status"]): Promise<Acted<TenantView>>;
  /** Soft: its keys die, its snapshots and sealed secrets are erased, its webhooks end, its usage stays. */
  remove(act: Act, tenantId: string): Promise<Acted<TenantView>>;
  changeOwn(act: Act, tenantId: string, change: OwnChange): Promise<Acted<TenantView>>;
};

export type KeyMaterial = {
  readonly id: string;
  /** Hex. */
  readonly digest: string;
  readonly pepperVersion: number;
  readonly last4: string;
};

export type NewKey = Pick<
  KeyView,
  "kind" | "name" | "permissions" | "endpoints" | "origins" | "daily_requests" | "expires_at"
>;

/** A tenant's gateway keys. */
export type GatewayKeys = {
  issue(
    act: Act,
    tenantId: string,
    key: { readonly material: KeyMaterial; readonly rights: NewKey },
  ): Promise<Acted<KeyView>>;
  find(tenantId: string, keyId: string): Promise<KeyView | undefined>;
  list(tenantId: string, page: Page): Promise<PageOf<KeyView>>;
  /** A new key with the rights of the old one, which ends after `overlapSeconds`, or when it would have ended anyway. The row is the new key. */
  rotate(
    act: Act,
    tenantId: string,
    rotation: { readonly keyId: string; readonly material: KeyMaterial; readonly overlapSeconds: number },
  ): Promise<Acted<KeyView>>;
  /** Revoking a revoked key is done already. */
  revoke(act: Act, tenantId: string, keyId: string): Promise<Acted<KeyView>>;
  /** Notes that the key was used on this UTC day, `2026-01-31`. Idempotent, and no act. */
  touch(tenantId: string, keyId: string, day: string): Promise<void>;
};

/** What a request presented, and what may be waited for on its behalf. */
export type Presented = {
  readonly text: string;
  readonly wait: WaitBudget;
  readonly background: Background;
  /** The client's address, grouped: unknown keys are bounded by it. */
  readonly address: () => string;
};

/** The record of a gateway key, when the presented text is all of it and it is good. Throws the problem that refuses it otherwise. */
export type IdentifyKey = (presented: Presented) => Promise<KeyRecord>;

/** Checks bearer tokens of the identity provider (OpenID Connect). `unavailable`: its keys could not be read. */
export type IdentityTokens = {
  verify(
    token: string,
  ): Promise<
    | { readonly kind: "verified"; readonly issuer: string; readonly subject: string }
    | { readonly kind: "refused" }
    | { readonly kind: "unavailable" }
  >;
};

/** People who may act for a tenant. */
export type Users = {
  /** Absent for a stranger and for a tenant that is not there, in the same statements. */
  membership(
    tenantId: string,
    userId: string,
  ): Promise<{ readonly role: UserRole; readonly status: TenantView["status"] } | undefined>;
  list(tenantId: string, page: Page): Promise<PageOf<UserView>>;
  /** Adds a person or changes their role. The last owner stays one. */
  put(
    act: Act,
    tenantId: string,
    user: { readonly userId: string; readonly subject: string; readonly role: UserRole },
  ): Promise<Acted<UserView>>;
  remove(act: Act, tenantId: string, userId: string): Promise<Acted<UserView>>;
};

/** What was done, newest first: ids are UUIDv7, and a page goes on below `after`. */
export type AuditLog = { list(tenantId: string, page: Page): Promise<PageOf<AuditView>> };

/** First outcomes, kept a day. Scoped to the tenant acted on, or to `PLATFORM`. */
export type Outcomes = {
  find(
    scope: string,
    key: string,
  ): Promise<{ readonly fingerprint: string; readonly status: number; readonly body: unknown } | undefined>;
};

export type UpstreamKeyState = {
  readonly mode: TenantView["key_mode"];
  /** Whether the tenant's plan lets it bring a key. */
  readonly allowed: boolean;
  readonly activeId: string | null;
  /** Newest first. */
  readonly versions: readonly (UpstreamKeyVersion & { readonly id: string })[];
};

/** The tenants' own upstream keys, sealed. A retired, removed or rejected version is erased: its row stays, its secret does not. */
export type Vault = WrappedSecrets<SealedUpstreamKey> & {
  /** Absent for a tenant that is not there. */
  state(tenantId: string): Promise<UpstreamKeyState | undefined>;
  /** Keeps a version as `pending`. A version that another request took is a conflict. */
  add(act: Act, sealed: SealedUpstreamKey, last4: string): Promise<Acted<UpstreamKeyVersion>>;
  /** A pending version that did not become the active one. */
  reject(
    act: Act,
    key: OwnedKey & { readonly reason: "rejected" | "not-probed" | "overtaken" },
  ): Promise<Acted<UpstreamKeyVersion>>;
  /** Makes a pending version the active one if `expected` still is; the old one retires at `retiresAt`. */
  swap(
    act: Act,
    key: OwnedKey & { readonly downloadTier: boolean; readonly expected: string | null; readonly retiresAt: string },
  ): Promise<Acted<UpstreamKeyVersion>>;
  /** Back to the platform's keys, if `expected` is still active. The row is the version that retires. */
  giveUp(act: Act, key: OwnedKey & { readonly retiresAt: string }): Promise<Acted<UpstreamKeyVersion>>;
  /** Marks the active version invalid; the tenant goes on as its `on_invalid_key` says. */
  invalidate(act: Act, key: OwnedKey): Promise<Acted<UpstreamKeyVersion>>;
  /** The sealed form of a version that is pending or active. */
  sealed(key: OwnedKey): Promise<SealedUpstreamKey | undefined>;
  /** Notes in the platform's audit log that secrets were wrapped anew. */
  noteRotation(act: Act, rotation: WrappingRotation): Promise<Acted<WrappingRotation>>;
};

/**
 * Refusals of the tenants' own upstream keys, in Redis. One proves nothing: while the upstream's login is out, it refuses every key. Throws
 * when Redis does not answer.
 */
export type Strikes = {
  /** `first` when none was known of this key, and then it is to be looked into; the others follow from the same cause. */
  note(key: OwnedKey): Promise<"first" | "known">;
  /** How many different keys were refused of late. */
  recent(): Promise<number>;
  /** Forgets the refusals of a key. */
  clear(key: OwnedKey): Promise<void>;
};

/** Stored secrets of all tenants, as the rotation of the wrapping key goes through them. */
export type WrappedSecrets<Sealed extends SealedSecret> = {
  /**
   * Those wrapped by an older wrapping key than `kekVersion`, newest wrapping first: what an old key that was lost has left behind does not
   * stand in front of what still opens.
   */
  wrappedBefore(kekVersion: number, limit: number): Promise<readonly Sealed[]>;
  /** How many of those are left. */
  countWrappedBefore(kekVersion: number): Promise<number>;
  /** Stores the new wrapping if the old one is still there. */
  rewrap(sealed: Sealed, oldKekVersion: number): Promise<boolean>;
};

export type OwnedKey = { readonly tenantId: string; readonly id: string };

/** The change log in Redis: how a commit in Postgres becomes known to every isolate within about a second. */
export type ChangeLog = {
  /** After the commit. `unavailable` when Redis does not answer: then the queue has to say it again. */
  publish(changes: readonly Change[]): Promise<"published" | "unavailable">;
};

/** A reading of the change log that a request has to wait for. */
export type Reading = {
  /** Whether the log went unread for so long that it vouches no more for what was read from Postgres before. */
  readonly isAfterGap: boolean;
  /** Brings the reading along with another question: where there is nothing new, which is nearly always, the log need not be read. */
  readonly alongside: Alongside;
  /**
   * Resolves when the log is read, which it begins unless it was brought along; never throws. What is `also` wanted is asked in the
   * same breath, unless it was brought along, or the isolate has never read the log.
   */
  done(also?: readonly Alongside[]): Promise<unknown>;
};

/** What an isolate knows of the change log. */
export type Confirm = {
  /** What is to be read first, if the last reading is a second old. From half a second on it is read in the background. */
  refresh(wait: WaitBudget, background: Background): Reading | undefined;
  /** A change that was made here. */
  heed(change: Change): void;
  /** Whether nothing that was read from Postgres at `readAtMs` about this key can have changed since, by what the log says. */
  vouchesFor(read: { readonly keyId: string; readonly tenantId: string; readonly readAtMs: number }): Verdict;
  /** When this answer was purged for everybody who reads its scope, by what the log says: as far back as copies of it are trusted. */
  purgedAt(key: AnswerKey): PurgedAt;
};

/**
 * `changed`: read it again. `confirmed`: unchanged as of `atMs`, milliseconds of the isolate's clock. `unknown`: the log does not reach
 * back to the reading, or was never read.
 */
export type Verdict =
  | { readonly kind: "changed" }
  | { readonly kind: "confirmed"; readonly atMs: number }
  | { readonly kind: "unknown" };

/**
 * Acts on the platform whose change is not in Postgres. Each is noted with its event, and its outcome remembered, in one transaction. A
 * conflict, and nothing noted, when there is an event under its id already.
 */
export type PlatformLog = { note(act: Act): Promise<Acted<unknown>> };

/** What travels through the `control` queue. Delivery is at least once and in any order; `delaySeconds` before the first. */
export type ControlMessage =
  /** Publish it again: the second way of a change, should the first be lost. */
  | { readonly kind: "change"; readonly change: Change }
  /** An event is to be delivered to the webhooks of a tenant, or of the platform. */
  | { readonly kind: "event"; readonly tenantId: string; readonly eventId: string }
  /** A tenant's upstream key was refused once: probe it, and find it invalid if it is refused again. */
  | { readonly kind: "check-key"; readonly tenantId: string; readonly upstreamKeyId: string };

export type ControlQueue = {
  send(messages: readonly ControlMessage[], delaySeconds?: number): Promise<void>;
};
