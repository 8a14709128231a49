import * as v from "valibot";
import type { Verdict } from "./control-ports.ts";
import { knownPurges, type KnownPurges } from "./known-purges.ts";
import { PurgeMode, PurgeTarget } from "./purge.ts";
import { Uuid } from "./resources.ts";

/**
 * What was changed and must be known everywhere. In Postgres: one gateway key (revoked, rotated), or a tenant and all of its keys (suspended,
 * its plan, its scope, its upstream key, what it purged for itself). In Redis: what was purged for everybody who reads a scope, at a time by
 * the ledger's clock.
 */
export const Change = v.variant("kind", [
  v.object({ kind: v.literal("key"), keyId: v.pipe(v.string(), v.regex(/^[0-9A-Za-z]{12}$/)) }),
  v.object({ kind: v.literal("tenant"), tenantId: Uuid }),
  v.object({
    kind: v.literal("purge"),
    scope: v.string(),
    targets: v.array(PurgeTarget),
    mode: PurgeMode,
    atMs: v.number(),
  }),
]);

export type Change = v.InferOutput<typeof Change>;

type ChangeInPostgres = Exclude<Change, { kind: "purge" }>;

/** One entry of the log: `change` is nothing for what this version does not know. */
type LogEntry = { readonly id: string; readonly change: Change | undefined };

const Stream = v.array(v.tuple([v.string(), v.array(v.string())]));

/** The entries in Redis' reply to a reading of a stream, oldest first. Throws when it is no such reply: then nothing was read. */
export function parseLog(reply: unknown): readonly LogEntry[] {
  return v.parse(Stream, reply).map(([id, [, json]]) => ({ id, change: parseChange(json) }));
}

/** How far the clocks of two isolates may differ, milliseconds. */
export const CLOCKS_DIFFER_MS = 1_000;

export type KnownChanges = Pick<KnownPurges, "purgedAt"> & {
  /** When the last reading of the log began that found everything; minus infinity before the first. */
  confirmedAtMs(): number;
  /** A change that the log told of, noticed now. */
  note(change: Change, nowMs: number): void;
  /** Everything up to `begunMs` is noted. `isUnbroken`: the log still had what the reading before ended with. */
  confirm(begunMs: number, isUnbroken: boolean): void;
  vouchesFor(read: { readonly keyId: string; readonly tenantId: string; readonly readAtMs: number }): Verdict;
};

/** A stretch in which the log was followed: what was read from Postgres after `afterMs` is vouched for until `untilMs`. */
type Stretch = { readonly afterMs: number; readonly untilMs: number };

const NEVER: Stretch = { afterMs: Infinity, untilMs: -Infinity };

type Bounds = { readonly gapMs: number; readonly most: number; readonly mostPurges: number };

/**
 * What an isolate knows of the changes, by what it read in their log. A log that is broken off vouches for nothing that was read before;
 * nor does one that was not read for `gapMs`: if Redis was away meanwhile, a change made then may still be on its way into the log. Keeps
 * `most` marks; what a dropped one was about is vouched for no more. Purges are kept apart, so that many of them crowd out no revocation.
 */
export function knownChanges({ gapMs, most, mostPurges }: Bounds): KnownChanges {
  const changedAtMs = new Map<string, number>();
  const purges = knownPurges(mostPurges);
  let now = NEVER;
  let before = NEVER;
  const dropOldest = () => {
    const [oldest] = changedAtMs;
    if (oldest === undefined) return;
    const [name, atMs] = oldest;
    changedAtMs.delete(name);
    const afterMs = atMs + CLOCKS_DIFFER_MS;
    now = { ...now, afterMs: Math.max(now.afterMs, afterMs) };
    before = { ...before, afterMs: Math.max(before.afterMs, afterMs) };
  };
  /** Most of the time nothing was changed lately, and each request asks. */
  const lastChangeMs = (keyId: string, tenantId: string): number => {
    if (changedAtMs.size === 0) return -Infinity;
    const ofKey = changedAtMs.get(nameOf({ kind: "key", keyId })) ?? -Infinity;
    return Math.max(ofKey, changedAtMs.get(nameOf({ kind: "tenant", tenantId })) ?? -Infinity);
  };
  return {
    confirmedAtMs: () => now.untilMs,
    purgedAt: purges.purgedAt,
    note(change, nowMs) {
      if (change.kind === "purge") return purges.note(change);
      const name = nameOf(change);
      changedAtMs.delete(name);
      changedAtMs.set(name, nowMs);
      if (changedAtMs.size > most) dropOldest();
    },
    confirm(begunMs, isUnbroken) {
      const untilMs = Math.max(now.untilMs, begunMs);
      if (isUnbroken && begunMs - now.untilMs <= gapMs) now = { ...now, untilMs };
      else {
        // A stretch that has vouched for nothing yet is no loss, and what the one before it says is still true.
        if (now.afterMs < now.untilMs) before = now;
        now = { afterMs: begunMs + CLOCKS_DIFFER_MS, untilMs };
      }
    },
    vouchesFor({ keyId, tenantId, readAtMs }) {
      if (readAtMs <= lastChangeMs(keyId, tenantId) + CLOCKS_DIFFER_MS) return { kind: "changed" };
      if (readAtMs > now.afterMs) return { kind: "confirmed", atMs: now.untilMs };
      return readAtMs > before.afterMs ? { kind: "confirmed", atMs: before.untilMs } : { kind: "unknown" };
    },
  };
}

function nameOf(change: ChangeInPostgres): string {
  return change.kind === "key" ? `key:${change.keyId}` : `tenant:${change.tenantId}`;
}

function parseChange(json: string | undefined): Change | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), Change), json);
  return read.success ? read.output : undefined;
}
