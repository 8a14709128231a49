import { payerOf, type PoolSettings } from "../answer/payer.ts";
import { upstreamSearch } from "../core/canonical.ts";
import { isTrialOver } from "../core/key-rights.ts";
import type { Log, RefreshMessage, RefreshQueue } from "../core/ports.ts";
import { purgeOf } from "../core/purge.ts";
import type { TenantDirectory } from "../core/tenant-directory.ts";
import { chooseWarm, WARM_EVERY_MS, type Warmable } from "../core/warm.ts";
import type { AnswerHead, AnswerHeads, WarmTries } from "../core/warm-ports.ts";
import type { WindowOverrides } from "../core/windows.ts";
import { findWarmable, viewsIn, type FindWarmablePorts, type Found, type PoolPayer } from "./find-warmable.ts";

export type WarmPorts = FindWarmablePorts &
  PoolSettings & {
    readonly answerHeads: AnswerHeads;
    readonly warmTries: WarmTries;
    readonly tenantDirectory: TenantDirectory;
    readonly refreshQueue: RefreshQueue;
    /** Pays for the pools; without one, nothing of a pool is warmed. */
    readonly publicTenantId: string | undefined;
    readonly warmMinHits: number;
    readonly windowOverrides: WindowOverrides;
    readonly clock: () => number;
    readonly log: Log;
  };

/** What was looked at. `name` is the answer as it is: another one, or another time, has another name. */
type Looked = Found & Warmable & { readonly name: string; readonly seenMs: number | null };

/**
 * Asks for what will be wanted before anybody waits for it. It fetches nothing: the consumer of the refresh queue does, which looks again
 * and fetches only what still is as it was seen here, so that a run that is doubled or cut off costs nothing twice. A budget of 0 is no
 * warming.
 */
export async function warm(ports: WarmPorts): Promise<void> {
  const { warmBudget, warmMinHits, windowOverrides, hotSet, warmTries, refreshQueue, clock, log } = ports;
  if (warmBudget === 0) return;
  const looked = await lookAt(ports, await findWarmable(ports, await poolPayer(ports)));
  const nowMs = clock();
  const rules = { nowMs, minHits: warmMinHits, budget: warmBudget, windows: windowOverrides };
  const chosen = chooseWarm(looked, rules);
  if (chosen.length > 0) {
    await refreshQueue.send(chosen.map((each) => messageOf(each, nowMs)));
    await warmTries.note(chosen.map(({ name }) => name));
    log.info("answers-to-be-warmed", { answers: chosen.length });
  }
  // Nobody who asked for what turned out to be missing makes it worth a credit when that is forgotten.
  await hotSet.drop(looked.filter(({ head }) => head?.entry.kind === "negative").map(({ identity }) => identity));
}

/** Nobody, when none is configured, or it may not ask now, or Postgres does not say. */
async function poolPayer(ports: WarmPorts): Promise<PoolPayer | undefined> {
  const { publicTenantId, tenantDirectory, platformDownloadTier, clock, log } = ports;
  if (publicTenantId === undefined) return undefined;
  const found = await tenantDirectory.find(publicTenantId);
  if (found.kind !== "found" || found.tenant.status === "suspended" || isTrialOver(found.tenant, clock())) {
    log.error("pools-not-warmed", { tenantId: publicTenantId, publicTenant: found.kind });
    return undefined;
  }
  const { tenantId, tier } = payerOf(found.tenant, platformDownloadTier);
  return { tenantId, tier, scope: `pool:${found.tenant.region}` };
}

async function lookAt({ answerHeads, warmTries }: WarmPorts, found: readonly Found[]): Promise<readonly Looked[]> {
  const heads = await answerHeads.read(found.map((each) => ({ key: each.key, views: viewsIn(each) })));
  const seen = await Promise.all(found.map((each, at) => seenAs(each, heads[at])));
  const known = await warmTries.known(seen.map(({ name }) => name));
  return Array.from(seen, (each, at) => ({ ...each, isInVain: known[at] === true }));
}

async function seenAs(found: Found, given: AnswerHead | undefined): Promise<Omit<Looked, "isInVain">> {
  const head = given !== undefined && purgeOf(given.entry, given.purged) === "hard" ? undefined : given;
  const seenMs = head?.entry.fetchedAtMs ?? null;
  return { ...found, head, seenMs, name: `${await found.key.digest()}:${seenMs ?? "none"}` };
}

/** Of no use any more when the next run has asked again. */
function messageOf({ call, key, tenantId, seenMs }: Looked, nowMs: number): RefreshMessage {
  return {
    kind: "refresh",
    path: `${call.endpoint.path}${upstreamSearch(call)}`,
    tenantId,
    scope: key.scope,
    seenMs,
    untilMs: nowMs + WARM_EVERY_MS,
    priority: "warm",
  };
}
