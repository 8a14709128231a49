import type { RefreshTurns } from "../../src/core/ports.ts";

/** Turns in memory by a clock that is handed in, for timelines and simulation. */
export function memoryTurns(clock: () => number, turnMs: number): RefreshTurns {
  const taken = new Map<string, number>();
  return {
    async take(name) {
      if ((taken.get(name) ?? -Infinity) > clock() - turnMs) return false;
      taken.set(name, clock());
      return true;
    },
  };
}
