import type { Call } from "../core/catalogue.ts";
import type { Change } from "../core/changes.ts";
import type { SharedAnswers } from "../core/ports.ts";
import { ownView, type PurgeMode, type Purges, type PurgeTarget } from "../core/purge.ts";
import type { Payer } from "./answer.ts";
import { keyOf } from "./payer.ts";

export type PurgePorts = { readonly purges: Purges; readonly redis: Pick<SharedAnswers, "linked"> };

export type Purging = {
  /** Whose answers. */
  readonly scope: string;
  /** Who alone is to see them no more; null: nobody is who reads the scope. */
  readonly tenantId: string | null;
  readonly targets: readonly PurgeTarget[];
  readonly mode: PurgeMode;
};

export type Purged = {
  readonly view: string;
  /** What was asked for, and the other names of it. */
  readonly targets: readonly PurgeTarget[];
  /** By the ledger's clock, Unix milliseconds. */
  readonly atMs: number;
  /** What others are to be told, so that they serve no near copies either; a tenant's own view stands in its record. */
  readonly change: Change;
};

/**
 * Purges answers. The marks in Redis come first, and every later read of the shared cache heeds them; near copies follow as soon as the
 * change is known, or when nobody trusts them any more. Throws `Unavailable` when Redis does not answer: then there is nothing to tell.
 */
export async function purge({ purges, redis }: PurgePorts, purging: Purging): Promise<Purged> {
  const { scope, tenantId, mode } = purging;
  const aliases = await Promise.all(purging.targets.map((target) => aliasOf(redis, scope, target)));
  const targets = [...purging.targets, ...aliases.flat()];
  const view = tenantId === null ? scope : ownView(tenantId);
  const { atMs } = await purges.mark({ view, targets, mode });
  const change: Change =
    tenantId !== null && view !== scope
      ? { kind: "tenant", tenantId }
      : { kind: "purge", scope, targets: [...targets], mode, atMs };
  return { view, targets, atMs, change };
}

/** A user is asked for by an id or by a handle, and whoever purges one of them means the user. */
async function aliasOf(
  redis: PurgePorts["redis"],
  scope: string,
  target: PurgeTarget,
): Promise<readonly PurgeTarget[]> {
  const other = target.kind === "subject" ? await redis.linked(scope, target.subject) : undefined;
  return other === undefined ? [] : [{ kind: "subject", subject: other }];
}

type Read = Pick<Payer, "scope"> & { readonly namespaceVersion: string };

/** The answers to a call in a scope: one for each tier where bodies carry media links. */
export async function callTargets(call: Call, { scope, namespaceVersion }: Read): Promise<readonly PurgeTarget[]> {
  const tiers = call.endpoint.carriesMediaUrls ? (["download", "standard"] as const) : (["standard"] as const);
  const keys = tiers.map((tier) => keyOf({ namespaceVersion }, { call, payer: { scope, tier } }));
  return Promise.all(keys.map(callTarget));
}

/** The one answer that stands under this key. */
export async function callTarget(key: ReturnType<typeof keyOf>): Promise<PurgeTarget> {
  return { kind: "call", identity: key.identity, digest: await key.digest() };
}
