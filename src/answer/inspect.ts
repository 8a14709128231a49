import type { Stored } from "../core/entry.ts";
import type { Lookup, SharedLookup } from "../core/ports.ts";
import { purgeOf, viewsOf, type PurgeMode } from "../core/purge.ts";
import type { Standing } from "../core/standing.ts";
import { retainedMs, tightened } from "../core/windows.ts";
import {
  isTrusted,
  lookUp,
  purgedNearby,
  standingOf,
  type Found,
  type LookUpPorts,
  type Sought,
  type Weighed,
} from "./look-up.ts";

/** A copy of the entry, and what it is good for in this request. */
export type Copy = {
  readonly stored: Stored;
  readonly standing: Standing;
  readonly purge: PurgeMode | "none";
  /** Whether it is served without asking a farther tier. */
  readonly isTrusted: boolean;
};

export type Held =
  | ({ readonly kind: "present" } & Copy)
  | { readonly kind: "absent" }
  /** The tier did not answer. */
  | { readonly kind: "unavailable" };

export type Inspected = {
  readonly memory: Held;
  readonly colo: Held;
  readonly redis: Held;
  /** What a request would find. */
  readonly found: Found;
  /** Until when anything of it may be served, if only in place of a failure, Unix milliseconds; null when nothing is held that may be. */
  readonly retrievableUntilMs: number | null;
};

type Picture = { readonly memory: Stored | undefined; readonly colo: Lookup; readonly redis: SharedLookup };

/**
 * Looks at every tier and changes none. What a request would find the look-up itself says, over what was seen: so there is one copy of its
 * rules. A tier that does not answer is `unavailable`, and the others are shown all the same.
 */
export async function inspect(ports: LookUpPorts, sought: Sought): Promise<Inspected> {
  const { key, ask } = sought;
  const [colo, redis] = await Promise.all([
    ports.colo.get(key),
    ask.wait.within<SharedLookup>(() => ports.redis.get(key, viewsOf(ask.payer)), { kind: "unavailable" }),
  ]);
  const picture = { memory: ports.memory.get(key.identity), colo, redis };
  const held = {
    memory: heldNearby(ports, sought, picture.memory),
    colo: colo.kind === "found" ? heldNearby(ports, sought, colo.stored) : colo,
    redis: redis.kind === "found" ? heldFar(ports, sought, redis) : redis,
  };
  const found = await lookUp(over(ports, picture), {
    key,
    ask: { ...ask, wait: NO_WAIT, background: () => undefined },
  });
  return { ...held, found, retrievableUntilMs: retrievableUntilMs(ports, sought, held) };
}

const NO_WAIT: Sought["ask"]["wait"] = { within: (work) => work() };

/** The tiers as they were seen, in which nothing can be kept. */
function over(ports: LookUpPorts, { memory, colo, redis }: Picture): LookUpPorts {
  return {
    ...ports,
    memory: { get: () => memory, put: () => undefined },
    colo: { get: async () => colo, put: keepNothing },
    redis: { ...ports.redis, get: async () => redis, put: keepNothing, putBeside: keepNothing },
  };
}

async function keepNothing(): Promise<void> {
  return undefined;
}

function heldNearby(ports: LookUpPorts, sought: Sought, stored: Stored | undefined): Held {
  if (stored === undefined) return { kind: "absent" };
  const weighed = weigh(ports, sought, { stored, purged: purgedNearby(ports, sought, stored) });
  return { ...weighed, isTrusted: isTrusted(ports, sought, stored) };
}

function heldFar(ports: LookUpPorts, sought: Sought, seen: Weighed): Held {
  const weighed = weigh(ports, sought, seen);
  return { ...weighed, isTrusted: weighed.standing === "fresh" || weighed.standing === "stale" };
}

function weigh(ports: LookUpPorts, sought: Sought, { stored, purged }: Weighed) {
  const purge = purgeOf(stored.entry, purged);
  return { kind: "present", stored, purge, standing: standingOf(ports, sought, { stored, purged }) } as const;
}

/** A near copy lasts for as long as the isolate trusts it: while Redis does not answer that is longer, and it may be stale. */
function retrievableUntilMs(
  { clock, memoryMs, outageMs }: LookUpPorts,
  { ask }: Sought,
  { memory, colo, redis }: Pick<Inspected, "memory" | "colo" | "redis">,
): number | null {
  const nowMs = clock();
  const isOut = redis.kind === "unavailable";
  const ofNear = ({ stored: { entry, confirmedAtMs } }: Copy) => {
    const { fetchedAtMs, freshMs, staleMs } = tightened(entry, ask.payer.windows);
    return Math.min(confirmedAtMs + (isOut ? outageMs : memoryMs), fetchedAtMs + freshMs + (isOut ? staleMs : 0));
  };
  const ofFar = ({ stored }: Copy) => nowMs + retainedMs(tightened(stored.entry, ask.payer.windows), nowMs);
  const lastMs = Math.max(...[memory, colo].flatMap(fit).map(ofNear), ...[redis].flatMap(fit).map(ofFar));
  return lastMs > nowMs ? lastMs : null;
}

function fit(held: Held): readonly Copy[] {
  return held.kind === "present" && held.standing !== "none" ? [held] : [];
}
