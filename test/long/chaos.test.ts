import { describe, expect, it } from "vitest";
import { FAILPOINTS } from "../chaos/failpoints.ts";
import { useChaos } from "../chaos/use-chaos.ts";

describe("chaos", () => {
  const chaos = useChaos();

  it.each([{ seed: 3 }, { seed: 101 }, { seed: 102 }, { seed: 103 }])(
    "for half a minute, seed $seed",
    async ({ seed }) => {
      expect((await chaos({ seed, seconds: 30 })).violations).toEqual([]);
    },
  );

  it.each(FAILPOINTS.map((failpoint) => ({ failpoint })))(
    "killed by force $failpoint, and only there: what the Worker had under way comes to the books once",
    async ({ failpoint }) => {
      const report = await chaos({ seed: 11, seconds: 6, faults: [], failpoints: [failpoint] });
      expect(report.kills).toEqual({ [failpoint]: expect.any(Number) });
      expect(report.violations).toEqual([]);
    },
  );
});
