import type { Entry } from "../../src/core/entry.ts";
import type { countingUpstream } from "./counting-upstream.ts";
import type { Asked } from "./trace.ts";

/** Looks at everything that is served: whether the upstream sent it for that call, and whether it is within the bound that it states. */
export function judging(upstream: Pick<ReturnType<typeof countingUpstream>, "hasSent">, clock: () => number) {
  const known = new WeakSet<Entry>();
  let [wrong, tooOld] = [0, 0];
  return {
    /** How old it is, milliseconds. */
    ageMs(entry: Entry, { kind, profile }: Pick<Asked, "kind" | "profile">): number {
      const ageMs = clock() - entry.fetchedAtMs;
      if (ageMs >= entry.freshMs + entry.staleMs) tooOld += 1;
      // Tiers hand on the same entry, so each is looked at once. Its name says which call it answers.
      if (!known.has(entry) && !upstream.hasSent(entry, kind, profile)) wrong += 1;
      known.add(entry);
      return ageMs;
    },
    read: () => ({ wrong, tooOld }),
  };
}
