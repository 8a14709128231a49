import { coldest, heated, rateOf, type HeatMs } from "../../src/core/heat.ts";
import type { HotSet } from "../../src/core/warm-ports.ts";

export type HotSetSettings = { readonly halfLifeMs: number; readonly most: number };

/** A hot set in memory by a clock that is handed in, for timelines and simulation. It passes the contract of the real one. */
export function memoryHotSet(clock: () => number, { halfLifeMs, most }: HotSetSettings): HotSet {
  let heats: [identity: string, heat: HeatMs][] = [];
  return {
    async add(requests) {
      const nowMs = clock();
      const known = new Map(heats);
      for (const [identity, count] of requests)
        known.set(identity, heated(known.get(identity), count, { nowMs, halfLifeMs }));
      heats = [...known].toSorted(([, one], [, other]) => other - one).slice(0, most);
    },
    async hottest(count) {
      const nowMs = clock();
      heats = heats.filter(([, heat]) => heat > coldest(nowMs, halfLifeMs));
      return heats.slice(0, count).map(([identity, heat]) => ({ identity, perMs: rateOf(heat, nowMs, halfLifeMs) }));
    },
    async drop(identities) {
      heats = heats.filter(([identity]) => !identities.includes(identity));
    },
  };
}
