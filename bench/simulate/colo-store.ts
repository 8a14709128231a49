import type { Entry, Stored } from "../../src/core/entry.ts";
import type { AnswerStore } from "../../src/core/ports.ts";
import { retainedMs } from "../../src/core/windows.ts";

/** A colo's cache in memory: what it holds is trusted for so long after Redis last held it, and counts from there. */
export function coloStore(clock: () => number, keepMs: number): AnswerStore {
  const kept = new Map<Entry["identity"], Stored>();
  const isHeld = ({ entry, confirmedAtMs }: Stored) =>
    clock() - confirmedAtMs < keepMs && retainedMs(entry, clock()) > 0;
  return {
    async get({ identity }) {
      const stored = kept.get(identity);
      return stored !== undefined && isHeld(stored) ? { kind: "found", stored } : { kind: "absent" };
    },
    put: async ({ identity }, stored) => void kept.set(identity, stored),
  };
}
