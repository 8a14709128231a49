import { keyOf } from "../answer/payer.ts";
import type { Call } from "../core/catalogue.ts";
import type { AnswerKey, SharedAnswers } from "../core/ports.ts";
import { purgeOf, viewsOf } from "../core/purge.ts";
import { readIdentity } from "../core/read-identity.ts";
import type { Warmable } from "../core/warm.ts";
import type { Hot, HotSet } from "../core/warm-ports.ts";
import { callsFound, searchOf } from "../core/warm-seeds.ts";

export type FindWarmablePorts = {
  readonly hotSet: HotSet;
  readonly redis: Pick<SharedAnswers, "get">;
  /** Searches for challenges that are kept warm whoever asks, with some of what they find. */
  readonly warmKeywords: readonly string[];
  /** Credits that a run may spend. */
  readonly warmBudget: number;
  readonly namespaceVersion: string;
};

/** Who pays for pools, what media links its key gets, and the pool that it is of. */
export type PoolPayer = { readonly tenantId: string; readonly tier: "download" | "standard"; readonly scope: string };

/** An answer that may be warmed, and at whose cost. What there is of it nobody has looked at yet. */
export type Found = Pick<Warmable, "identity" | "call" | "perMs"> & {
  readonly key: AnswerKey;
  readonly tenantId: string;
};

/** Most of what is hot is fresh: so many answers are looked at for each that may be fetched. */
const LOOKS_PER_CREDIT = 10;
const MOST_LOOKS = 1_000;

/** Of what a search found. */
const CHALLENGES_PER_SEARCH = 5;

/** What was asked for of late, hottest first, and what is to be warm whoever asks. Of pools nothing when nobody pays for them. */
export async function findWarmable(ports: FindWarmablePorts, pool: PoolPayer | undefined): Promise<readonly Found[]> {
  const hottest = await ports.hotSet.hottest(Math.min(MOST_LOOKS, LOOKS_PER_CREDIT * ports.warmBudget));
  const hot = hottest.map((each) => foundHot(ports, each, pool)).filter((found) => found !== undefined);
  return pool === undefined ? hot : [...hot, ...(await findSeeds(ports, pool))];
}

/** A pool's is paid by the public tenant, if its key gets what this answer has; a private one by its owner. */
function foundHot(
  { namespaceVersion }: FindWarmablePorts,
  { identity, perMs }: Hot,
  pool: PoolPayer | undefined,
): Found | undefined {
  const named = readIdentity(identity, namespaceVersion);
  if (named === undefined) return undefined;
  const { key, call, tier } = named;
  const found = { identity, perMs, key, call };
  const [kind, owner = ""] = key.scope.split(":");
  if (kind !== "pool") return { ...found, tenantId: owner };
  const isPaid = pool !== undefined && (tier === "" || tier === pool.tier);
  return isPaid ? { ...found, tenantId: pool.tenantId } : undefined;
}

/** The searches first: what they find is found in what is kept of them. */
async function findSeeds(ports: FindWarmablePorts, pool: PoolPayer): Promise<readonly Found[]> {
  const seedOf = (call: Call): Found => {
    const key = keyOf(ports, { call, payer: pool });
    return { identity: key.identity, perMs: null, key, call, tenantId: pool.tenantId };
  };
  const searches = ports.warmKeywords.map(searchOf).filter((call) => call !== undefined);
  const seeds = searches.map(seedOf);
  const found: Call[] = [];
  for (const seed of seeds) found.push(...(await callsIn(ports, seed)));
  return [...seeds, ...found.map(seedOf)];
}

async function callsIn({ redis }: FindWarmablePorts, seed: Found): Promise<readonly Call[]> {
  const reply = await redis.get(seed.key, viewsIn(seed));
  if (reply.kind !== "found" || purgeOf(reply.stored.entry, reply.purged) === "hard") return [];
  return callsFound(reply.stored.entry.body, CHALLENGES_PER_SEARCH);
}

/** In whose eyes it may have been purged. */
export function viewsIn({ key, tenantId }: Pick<Found, "key" | "tenantId">): readonly string[] {
  return viewsOf({ scope: key.scope, tenantId });
}
