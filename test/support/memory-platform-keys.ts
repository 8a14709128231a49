import type { Candidate, PlatformKeys } from "../../src/core/ports.ts";

type State = { minute: number; load: number; untilMs: number; reason: string };

export type MemoryPlatformKeys = PlatformKeys & {
  /** Picks among candidates and counts it, as a reservation does. */
  pick(candidates: readonly Candidate[]): { readonly id: string; readonly wasOut: boolean };
};

export type MemoryPlatformKeysSettings = {
  readonly keys: readonly { readonly id: string; readonly cap: number }[];
  readonly outMs: number;
};

/** Platform keys in memory by a clock that is handed in. They pass the contract of the real ones. */
export function memoryPlatformKeys(
  clock: () => number,
  { keys, outMs }: MemoryPlatformKeysSettings = { keys: [], outMs: 60_000 },
): MemoryPlatformKeys {
  const states = new Map<string, State>();
  const stateOf = (id: string): State => {
    const minute = Math.floor(clock() / 60_000);
    const state = states.get(id) ?? { minute, load: 0, untilMs: 0, reason: "" };
    if (state.minute !== minute) Object.assign(state, { minute, load: 0 });
    states.set(id, state);
    return state;
  };
  const isOut = (id: string) => stateOf(id).untilMs > clock();
  const rank = ({ id, cap }: Candidate) => (isOut(id) ? stateOf(id).untilMs : stateOf(id).load / (cap ?? 1));
  return {
    pick(candidates) {
      const [first] = candidates.toSorted(
        (one, other) => Number(isOut(one.id)) - Number(isOut(other.id)) || rank(one) - rank(other),
      );
      if (first === undefined) throw new Error("there is no candidate");
      if (first.cap === null) return { id: first.id, wasOut: false };
      stateOf(first.id).load += 1;
      return { id: first.id, wasOut: stateOf(first.id).untilMs > 0 };
    },
    async list() {
      return keys.map(({ id, cap }) => {
        const { load, untilMs, reason } = stateOf(id);
        if (!isOut(id)) return { id, load, cap, state: "in-use", reason: null, until: null };
        return { id, load, cap, state: "out", reason, until: new Date(untilMs).toISOString() };
      });
    },
    async takeOut(id, reason) {
      if (isOut(id)) return false;
      const hadServed = stateOf(id).untilMs === 0;
      Object.assign(stateOf(id), { untilMs: clock() + outMs, reason });
      return hadServed;
    },
    async restore(id) {
      stateOf(id).untilMs = 0;
      return keys.some((key) => key.id === id);
    },
  };
}
