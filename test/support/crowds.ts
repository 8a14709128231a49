import { seededRandom } from "./seeded-random.ts";
import type { Group } from "./simulate-crowd.ts";

const MINUTE_MS = 60_000;

/** Tenants that call once a minute each, at a moment of their own, up to a tenth of a minute early or late. */
export function quiet(tenants: number, untilMs: number, firstWithinMs = MINUTE_MS): Group {
  return {
    name: "quiet",
    tenants,
    *calls(random) {
      const phaseMs = random() * firstWithinMs;
      for (let at = 0; at < untilMs; at += MINUTE_MS) yield Math.max(0, at + phaseMs + (random() - 0.5) * 12_000);
    },
  };
}

/** Tenants that ask so often a second, at random moments, whatever becomes of it. */
export function flooding(perSecond: number, spanMs: readonly [fromMs: number, untilMs: number], tenants = 1): Group {
  return {
    name: "flood",
    tenants,
    *calls(random) {
      const [fromMs, untilMs] = spanMs;
      for (let at = fromMs; at < untilMs; at -= (Math.log(1 - random()) * 1_000) / perSecond) yield at;
    },
  };
}

export type CrowdCall = { readonly atMs: number; readonly group: string; readonly number: number };

/** All calls of a crowd in order, for tests in real time: when, and of whom. */
export function callsOf(groups: readonly Group[], untilMs: number): CrowdCall[] {
  const random = seededRandom(1);
  const tenants = groups.flatMap((group) => Array.from({ length: group.tenants }, (_, number) => ({ group, number })));
  return tenants
    .flatMap(({ group, number }) => [...group.calls(random)].map((atMs) => ({ atMs, group: group.name, number })))
    .filter(({ atMs }) => atMs < untilMs)
    .toSorted((a, b) => a.atMs - b.atMs);
}
