import type { Kind } from "./calls.ts";
import { DAY_MS } from "./trace.ts";

/** The day in steps of a quarter of an hour, for plots. */
const STEPS = 96;

type Ages = { count: number; sumMs: number; maxMs: number };

/** What one design did with the day. */
export type Tally = {
  readonly name: string;
  /** Of a day: until each quarter of an hour, how many calls the upstream got, and how many requests waited for it. */
  readonly callsUntil: readonly number[];
  readonly waitsUntil: readonly number[];
  readonly calls: number;
  readonly requests: number;
  /** For the upstream, be it for one's own call or another request's. */
  readonly waited: number;
  /** How many requests got no answer, by the reason. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly refreshMessages: number;
  /** Of what was served, by the time that the upstream answered, milliseconds. */
  age(...kinds: readonly Kind[]): { readonly meanMs: number; readonly maxMs: number };
};

/** Counts what a design does, in any order of time. */
export function tallying(name: string) {
  const [calls, waits] = [Array.from({ length: STEPS }, () => 0), Array.from({ length: STEPS }, () => 0)];
  const ages = new Map<Kind, Ages>();
  const refusals = new Map<string, number>();
  let refreshMessages = 0;
  const add = (steps: number[], atMs: number) => {
    const step = Math.min(STEPS - 1, Math.floor((atMs * STEPS) / DAY_MS));
    steps[step] = (steps[step] ?? 0) + 1;
  };
  return {
    called: (atMs: number) => add(calls, atMs),
    refused: (because: string) => void refusals.set(because, (refusals.get(because) ?? 0) + 1),
    messaged: () => void (refreshMessages += 1),
    served(kind: Kind, { atMs, ageMs, hasWaited }: { atMs: number; ageMs: number; hasWaited: boolean }) {
      const of = ages.get(kind) ?? { count: 0, sumMs: 0, maxMs: 0 };
      of.count += 1;
      of.sumMs += ageMs;
      of.maxMs = Math.max(of.maxMs, ageMs);
      ages.set(kind, of);
      if (hasWaited) add(waits, atMs);
    },
    read(): Tally {
      const served = [...ages.values()].reduce((sum, { count }) => sum + count, 0);
      return {
        name,
        callsUntil: summed(calls),
        waitsUntil: summed(waits),
        calls: total(calls),
        requests: served + total([...refusals.values()]),
        waited: total(waits),
        refusals,
        refreshMessages,
        age: (...kinds) => ageOf(kinds.flatMap((kind) => ages.get(kind) ?? [])),
      };
    },
  };
}

export type Tallying = ReturnType<typeof tallying>;

function ageOf(ages: readonly Ages[]) {
  const count = ages.reduce((sum, each) => sum + each.count, 0);
  const sumMs = ages.reduce((sum, each) => sum + each.sumMs, 0);
  return { meanMs: count === 0 ? 0 : sumMs / count, maxMs: Math.max(0, ...ages.map(({ maxMs }) => maxMs)) };
}

function total(steps: readonly number[]): number {
  return steps.reduce((sum, step) => sum + step, 0);
}

function summed(steps: readonly number[]): readonly number[] {
  let sum = 0;
  return steps.map((step) => (sum += step));
}
