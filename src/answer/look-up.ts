import type { Stored } from "../core/entry.ts";
import type { AnswerKey, AnswerMemory, AnswerStore, Lookup } from "../core/ports.ts";
import { freshness } from "../core/windows.ts";
import type { Ask } from "./answer.ts";

export type Tier = "memory" | "colo" | "redis";

export type LookUpPorts = {
  readonly memory: AnswerMemory;
  readonly colo: AnswerStore;
  readonly redis: AnswerStore;
  readonly clock: () => number;
  /** How long the isolate trusts its copy, milliseconds from the last time that Redis held it. */
  readonly memoryMs: number;
  /** The same while Redis does not answer. */
  readonly outageMs: number;
};

export type Found =
  | { readonly kind: "hit"; readonly stored: Stored; readonly tier: Tier; readonly outage: boolean }
  /** `stale`: past its time, and within the bound that it states. */
  | { readonly kind: "miss"; readonly stale: Stored | undefined }
  /** Redis did not answer and the isolate has nothing fit to serve: nobody knows whether this was paid for already. */
  | { readonly kind: "unavailable" };

export type Sought = { readonly key: AnswerKey; readonly ask: Ask };

/**
 * Memory, then the colo's cache, then Redis; what is found is kept in the nearer tiers. Downloads are never looked up: their links
 * expire and are no one else's.
 */
export async function lookUp(ports: LookUpPorts, { key, ask }: Sought): Promise<Found> {
  if (ask.call.endpoint.windows === "download") return { kind: "miss", stale: undefined };
  const kept = ports.memory.get(key.identity);
  if (kept !== undefined && isTrusted(ports, kept)) return hit(kept, "memory");

  const near = fresh(ports, await ports.colo.get(key));
  if (near !== undefined) return remembered(ports, near, "colo");

  const reply = await ask.wait.within(() => ports.redis.get(key), { kind: "unavailable" } as const);
  if (reply.kind === "unavailable") return outage(ports, kept);
  const far = fresh(ports, reply);
  if (far === undefined) return { kind: "miss", stale: staleOf(ports, reply.kind === "found" ? reply.stored : kept) };
  ask.background(ports.colo.put(key, far));
  return remembered(ports, far, "redis");
}

function isTrusted({ clock, memoryMs }: LookUpPorts, { entry, confirmedAtMs }: Stored): boolean {
  const nowMs = clock();
  return nowMs - confirmedAtMs < memoryMs && freshness(entry, nowMs) === "fresh";
}

function fresh({ clock }: LookUpPorts, reply: Lookup): Stored | undefined {
  return reply.kind === "found" && freshness(reply.stored.entry, clock()) === "fresh" ? reply.stored : undefined;
}

function staleOf({ clock }: LookUpPorts, stored: Stored | undefined): Stored | undefined {
  return stored !== undefined && freshness(stored.entry, clock()) === "stale" ? stored : undefined;
}

function remembered({ memory }: LookUpPorts, stored: Stored, tier: Tier): Found {
  memory.put(stored);
  return hit(stored, tier);
}

function hit(stored: Stored, tier: Tier): Found {
  return { kind: "hit", stored, tier, outage: false };
}

/** An answer of some minutes ago is worth more than none, up to the bound that the entry itself states. */
function outage({ clock, outageMs }: LookUpPorts, kept: Stored | undefined): Found {
  const nowMs = clock();
  if (kept === undefined || nowMs - kept.confirmedAtMs >= outageMs) return { kind: "unavailable" };
  if (freshness(kept.entry, nowMs) === "expired") return { kind: "unavailable" };
  return { kind: "hit", stored: kept, tier: "memory", outage: true };
}
