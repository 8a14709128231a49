import type { WarmTries } from "../../src/core/warm-ports.ts";

/** Tries in memory by a clock that is handed in. It passes the contract of the real ones. */
export function memoryWarmTries(clock: () => number, keepMs: number): WarmTries {
  const notedAt = new Map<string, number>();
  return {
    known: async (names) => names.map((name) => (notedAt.get(name) ?? -Infinity) > clock() - keepMs),
    note: async (names) => names.forEach((name) => void notedAt.set(name, clock())),
  };
}
