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
