import * as v from "valibot";
import type { Act, Acted } from "./act.ts";
import type { Entry } from "./entry.ts";

/** What is purged: the answers to one call, everything that asks about a subject, or everything there is. */
export const PurgeTarget = v.variant("kind", [
  /** `identity` is the answer key's, `digest` the hex SHA-256 of it. */
  v.object({ kind: v.literal("call"), identity: v.string(), digest: v.string() }),
  /** `user:107955`, `user:@tiktok`, `challenge:#name` …: as `subjectsOf` names it. */
  v.object({ kind: v.literal("subject"), subject: v.string() }),
  v.object({ kind: v.literal("everything") }),
]);

/** `hard`: never served again. `soft`: past its time from now on, and served and refreshed like anything stale. */
export const PurgeMode = v.picklist(["hard", "soft"]);

export type PurgeTarget = Readonly<v.InferOutput<typeof PurgeTarget>>;
export type PurgeMode = v.InferOutput<typeof PurgeMode>;

/**
 * In whose eyes: a scope (`pool:<region>`, `tenant:<id>`), for everybody who reads it; or, where a tenant reads a pool, `tenant:<id>` for
 * that tenant alone. What it then fetches the pool gains; nobody else pays for its purge.
 */
export type Purge = {
  readonly view: string;
  readonly targets: readonly PurgeTarget[];
  readonly mode: PurgeMode;
};

/** When an entry was last purged, by the ledger's clock, Unix milliseconds; 0 is never. An entry counts that was reserved after `hardMs`. */
export type PurgedAt = { readonly hardMs: number; readonly softMs: number };

export const NEVER_PURGED: PurgedAt = { hardMs: 0, softMs: 0 };

/** Purges, for every Worker. Throws `Unavailable` when Redis does not answer: then nothing may have been purged. */
export type Purges = {
  /** Resolves to the time of the purge by the clock by which dispatches are reserved, when every later read of the shared cache heeds it. */
  mark(purge: Purge): Promise<{ readonly atMs: number }>;
};

/** Notes purges in the audit log of who they are for. Throws `Unavailable` when Postgres does not answer. */
export type PurgeLog = {
  /**
   * `ownViewAtMs`: when the tenant purged its own view of a pool, by the ledger's clock, Unix milliseconds, and then its record says so from now
   * on; null where the purge is everybody's who reads the scope. `tenantId` may be `PLATFORM`.
   */
  note(act: Act, tenantId: string, ownViewAtMs: number | null): Promise<Acted<unknown>>;
};

/** In whose eyes an answer may have been purged for this reader. */
export function viewsOf({ scope, tenantId }: { readonly scope: string; readonly tenantId: string }): readonly string[] {
  const own = ownView(tenantId);
  return scope === own ? [scope] : [scope, own];
}

/** What a tenant sees of any scope; of its own scope, everybody's view. */
export function ownView(tenantId: string): string {
  return `tenant:${tenantId}`;
}

/** What becomes of an entry by what was purged: nothing, past its time, or gone. A fetch that was reserved before the purge is of before it. */
export function purgeOf(
  { reservedAtMs }: Pick<Entry, "reservedAtMs">,
  { hardMs, softMs }: PurgedAt,
): PurgeMode | "none" {
  if (reservedAtMs <= hardMs) return "hard";
  return reservedAtMs <= softMs ? "soft" : "none";
}

/** The later of each. */
export function latest(one: PurgedAt, other: PurgedAt): PurgedAt {
  return { hardMs: Math.max(one.hardMs, other.hardMs), softMs: Math.max(one.softMs, other.softMs) };
}
