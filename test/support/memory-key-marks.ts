import type { KeyMarks, PlatformKeys } from "../../src/core/ports.ts";

export type Marks = {
  outUntilMs: number;
  cooledUntilMs: number;
  failures: number;
  brokenUntilMs: number;
  reason: string;
};

export type MemoryKeyMarks = KeyMarks &
  PlatformKeys & {
    /** What stands against a key; nothing when nothing does. */
    of(id: string): Marks | undefined;
    /** What `list` says of a key's dispatches in the last minute. */
    countsLoad(load: (id: string) => number): void;
  };

export type MemoryKeyMarksSettings = {
  readonly keys: readonly { readonly id: string; readonly cap: number }[];
  readonly outMs: number;
  readonly breakerFailures: number;
  readonly breakerRestMs: number;
};

const SETTINGS = { keys: [], outMs: 60_000, breakerFailures: 5, breakerRestMs: 5_000 };

/** What stands against upstream keys, in memory by a clock that is handed in. They pass the contract of the real ones. */
export function memoryKeyMarks(clock: () => number, settings: Partial<MemoryKeyMarksSettings> = {}): MemoryKeyMarks {
  const { keys, outMs, breakerFailures, breakerRestMs } = { ...SETTINGS, ...settings };
  const marks = new Map<string, Marks>();
  let loadOf = (_id: string) => 0;
  const mark = (id: string, change: (now: Marks) => Partial<Marks>) => {
    const now = marks.get(id) ?? { outUntilMs: 0, cooledUntilMs: 0, failures: 0, brokenUntilMs: 0, reason: "" };
    marks.set(id, { ...now, ...change(now) });
  };
  return {
    of: (id) => marks.get(id),
    countsLoad: (load) => void (loadOf = load),
    async list() {
      return keys.map(({ id, cap }) => {
        const counted = { id, cap, load: loadOf(id) };
        const { outUntilMs = 0, cooledUntilMs = 0, brokenUntilMs = 0, reason = "" } = marks.get(id) ?? {};
        const until = (ms: number) => new Date(ms).toISOString();
        if (outUntilMs > clock()) return { ...counted, state: "out", reason, until: until(outUntilMs) };
        if (cooledUntilMs > clock())
          return { ...counted, state: "cooling", reason: "429", until: until(cooledUntilMs) };
        if (brokenUntilMs > clock())
          return { ...counted, state: "failing", reason: "The upstream fails.", until: until(brokenUntilMs) };
        return { ...counted, state: "in-use", reason: null, until: null };
      });
    },
    async takeOut(id, reason) {
      const untilMs = marks.get(id)?.outUntilMs ?? 0;
      if (untilMs > clock()) return false;
      mark(id, () => ({ outUntilMs: clock() + outMs, reason }));
      return untilMs === 0;
    },
    async restore(id) {
      const isKnown = keys.some((key) => key.id === id);
      if (isKnown) marks.delete(id);
      return isKnown;
    },
    async coolDown(id, ms) {
      if ((marks.get(id)?.cooledUntilMs ?? 0) <= clock()) mark(id, () => ({ cooledUntilMs: clock() + ms }));
    },
    async noteFailure(id) {
      mark(id, ({ failures, brokenUntilMs }) => ({
        failures: failures + 1,
        brokenUntilMs: failures + 1 >= breakerFailures ? clock() + breakerRestMs : brokenUntilMs,
      }));
    },
    async clear(id, reservedAtMs) {
      mark(id, ({ outUntilMs }) => ({
        ...(outUntilMs - outMs <= reservedAtMs ? { outUntilMs: 0, reason: "" } : {}),
        failures: 0,
        brokenUntilMs: 0,
      }));
      const { outUntilMs = 0, cooledUntilMs = 0 } = marks.get(id) ?? {};
      if (outUntilMs === 0 && cooledUntilMs <= clock()) marks.delete(id);
    },
  };
}
