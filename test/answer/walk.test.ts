import * as fc from "fast-check";
import { expect, it } from "vitest";
import { step, walk } from "../support/random-walk.ts";

it("serves only what the upstream sent for that very call, or a rule makes of it, within its bound, whatever happens in whatever order", async () => {
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 80 }), async (steps) => {
      for (const kind of await walk(steps)) kinds.add(kind);
    }),
    { seed: 20_261_122, numRuns: 300 },
  );
  expect(kinds, "the walks went everywhere").toEqual(new Set(["fetched", "hit", "refreshing", "stale", "refused"]));
}, 60_000);
