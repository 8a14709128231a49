import type { Confirm } from "../core/control-ports.ts";
import type { Stored } from "../core/entry.ts";
import type { AnswerKey, AnswerMemory, AnswerStore, Alongside, SharedAnswers } from "../core/ports.ts";
import { purgeOf, viewsOf, type PurgedAt } from "../core/purge.ts";
import { standing, type Standing } from "../core/standing.ts";
import type { Ask } from "./answer.ts";

export type Tier = "memory" | "colo" | "redis";

export type LookUpPorts = {
  readonly memory: AnswerMemory;
  readonly colo: AnswerStore;
  readonly redis: SharedAnswers;
  readonly confirm: Pick<Confirm, "purgedAt">;
  readonly clock: () => number;
  /** How long the isolate trusts its copy, milliseconds from the last time that Redis held it. */
  readonly memoryMs: number;
  /** The same while Redis does not answer. */
  readonly outageMs: number;
  /** Whether an answer that was made of another one counts. */
  readonly derives: boolean;
};

type Hit = { readonly kind: "hit"; readonly stored: Stored; readonly tier: Tier; readonly outage: boolean };

export type Found =
  | Hit
  /** Past its time, to be served at once and refreshed behind the response. */
  | { readonly kind: "stale"; readonly stored: Stored }
  | {
      readonly kind: "miss";
      /** What may be served in place of a failure or a refusal. */
      readonly lastResort: Stored | undefined;
      /** It would have been served but for what the request demands. */
      readonly isDemanded: boolean;
    }
  /** Redis did not answer and the isolate has nothing fit to serve: nobody knows whether this was paid for already. */
  | { readonly kind: "unavailable" };

export type Sought = { readonly key: AnswerKey; readonly ask: Ask };

const MISS: Found = { kind: "miss", lastResort: undefined, isDemanded: false };

/**
 * Memory, then the colo's cache, then Redis; what is found is kept in the nearer tiers. The nearer ones are trusted with what is fresh: only
 * Redis knows whether what is past its time was refreshed since, and is asked what is wanted `alongside`. Downloads are never looked up: their links expire and are no one else's.
 */
export async function lookUp(ports: LookUpPorts, sought: Sought, alongside?: readonly Alongside[]): Promise<Found> {
  const { key, ask } = sought;
  if (ask.call.endpoint.windows === "download") return MISS;
  const kept = ports.memory.get(key.identity);
  if (kept !== undefined && isTrusted(ports, sought, kept)) return hit(kept, "memory");

  const reply = await ports.colo.get(key);
  const near = reply.kind === "found" ? reply.stored : undefined;
  if (near !== undefined && isTrusted(ports, sought, near)) return remembered(ports, near, "colo");
  return lookFar(ports, sought, { kept: newer(kept, near), alongside });
}

/** What another request of the isolate has brought meanwhile. Awaits nothing. */
export function recall(ports: LookUpPorts, sought: Sought): Stored | undefined {
  const kept = ports.memory.get(sought.key.identity);
  return kept !== undefined && isTrusted(ports, sought, kept) ? kept : undefined;
}

type Far = { readonly kept: Stored | undefined; readonly alongside: readonly Alongside[] | undefined };

async function lookFar(ports: LookUpPorts, sought: Sought, { kept, alongside }: Far): Promise<Found> {
  const { key, ask } = sought;
  const views = viewsOf(ask.payer);
  const reply = await ask.wait.within(() => ports.redis.get(key, views, alongside), {
    kind: "unavailable",
  } as const);
  if (reply.kind === "unavailable") return outage(ports, sought, kept);
  if (reply.kind === "absent") return MISS;
  const { stored, purged } = reply;
  const found = standingOf(ports, sought, { stored, purged });
  switch (found) {
    case "fresh":
      ask.background(ports.colo.put(key, stored));
      return remembered(ports, stored, "redis");
    case "stale":
      // To an isolate that never heard of the purge the copy of what was purged looks fresh.
      if (purgeOf(stored.entry, purged) === "none") ports.memory.put(stored);
      return { kind: "stale", stored };
    case "last-resort":
    case "refused":
      return { kind: "miss", lastResort: stored, isDemanded: found === "refused" };
    case "none":
      return MISS;
    default:
      return found satisfies never;
  }
}

export type Weighed = { readonly stored: Stored; readonly purged: PurgedAt };

/** What an entry is good for in this request, by what was purged of it. */
export function standingOf(ports: LookUpPorts, { ask }: Sought, { stored, purged }: Weighed): Standing {
  // What was derived before that was turned off is still in Redis.
  if (stored.entry.derived && !ports.derives) return "none";
  return standing(stored.entry, { own: ask.payer.windows, demand: ask.demand, purged }, ports.clock());
}

/** Whether a near copy is served without asking Redis: for a while after Redis held it, by what the log of changes told of purges since. */
export function isTrusted(ports: LookUpPorts, sought: Sought, stored: Stored): boolean {
  const { clock, memoryMs } = ports;
  return clock() - stored.confirmedAtMs < memoryMs && nearStanding(ports, sought, stored) === "fresh";
}

/** Whether what was found is served by what has been heard since. What Redis itself told of a moment ago is. */
export function stillStands(ports: LookUpPorts, sought: Sought, { stored, tier, outage }: Hit): boolean {
  if (tier === "redis") return true;
  return outage ? outlastsOutage(ports, sought, stored) : isTrusted(ports, sought, stored);
}

function nearStanding(ports: LookUpPorts, sought: Sought, stored: Stored): Standing {
  return standingOf(ports, sought, { stored, purged: purgedNearby(ports, sought, stored) });
}

/**
 * What was purged of a near copy, as far as the isolate knows. What the tenant purged for itself in a pool only Redis knows in detail: a copy
 * from before is not for this tenant.
 */
export function purgedNearby({ confirm }: LookUpPorts, { key, ask }: Sought, stored: Stored): PurgedAt {
  return isOwnPurgeOlder(ask, stored) ? confirm.purgedAt(key) : { hardMs: Infinity, softMs: Infinity };
}

/** The tenant's record says when, by the clock by which dispatches are reserved. */
function isOwnPurgeOlder({ payer }: Ask, { entry }: Stored): boolean {
  return payer.purgedAtMs === null || entry.reservedAtMs > payer.purgedAtMs;
}

function newer(one: Stored | undefined, other: Stored | undefined): Stored | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.entry.fetchedAtMs >= other.entry.fetchedAtMs ? one : other;
}

function remembered({ memory }: LookUpPorts, stored: Stored, tier: Tier): Found {
  memory.put(stored);
  return hit(stored, tier);
}

function hit(stored: Stored, tier: Tier): Found {
  return { kind: "hit", stored, tier, outage: false };
}

function outage(ports: LookUpPorts, sought: Sought, kept: Stored | undefined): Found {
  if (kept === undefined || !outlastsOutage(ports, sought, kept)) return { kind: "unavailable" };
  return { kind: "hit", stored: kept, tier: "memory", outage: true };
}

/** An answer of some minutes ago is worth more than none, up to the bound that the entry itself states. */
function outlastsOutage(ports: LookUpPorts, sought: Sought, kept: Stored): boolean {
  if (ports.clock() - kept.confirmedAtMs >= ports.outageMs) return false;
  const found = nearStanding(ports, sought, kept);
  return found !== "none" && found !== "last-resort";
}
