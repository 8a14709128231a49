import type { AnswerStore } from "../../src/core/ports.ts";
import { retainedMs } from "../../src/core/windows.ts";
import type { Entry } from "../../src/core/entry.ts";

/** A store of answers in memory by a clock that is handed in, for timelines and simulation. It passes the contract of the real one. */
export function memoryAnswerStore(clock: () => number): AnswerStore & { isDown: boolean } {
  const entries = new Map<string, Entry>();
  const store = {
    isDown: false,
    async get(key: Parameters<AnswerStore["get"]>[0]) {
      if (store.isDown) return { kind: "unavailable" } as const;
      const entry = entries.get(await key.digest());
      const isHeld = entry?.identity === key.identity && retainedMs(entry, clock()) > 0;
      return isHeld
        ? ({ kind: "found", stored: { entry, confirmedAtMs: clock() } } as const)
        : ({ kind: "absent" } as const);
    },
    async put(key: Parameters<AnswerStore["put"]>[0], { entry }: Parameters<AnswerStore["put"]>[1]) {
      if (!store.isDown) entries.set(await key.digest(), entry);
    },
  };
  return store;
}
