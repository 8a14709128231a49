import { describe, expect, it } from "vitest";
import { PART_FAULTS } from "./faults.ts";
import { planOf } from "./plan.ts";
import { useChaos } from "./use-chaos.ts";

const SECONDS = 8;

describe("whatever breaks, and wherever a Worker dies", () => {
  const chaos = useChaos();

  it.each([{ seed: 1 }, { seed: 2 }])(
    "money stays exact, tenants apart, hits served, and everything drains by itself: seed $seed",
    { timeout: 120_000 },
    async ({ seed }) => {
      const report = await chaos({ seed, seconds: SECONDS });
      expect(report.violations).toEqual([]);
      expect(report.requests["200"], "a run in which nothing works shows nothing").toBeGreaterThan(5);
    },
  );
});

describe("a plan", () => {
  it("is the same for the same seed, so that what a run found can be looked at again", () => {
    expect(planOf({ seed: 7, seconds: 20 })).toEqual(planOf({ seed: 7, seconds: 20 }));
    expect(planOf({ seed: 7, seconds: 20 })).not.toEqual(planOf({ seed: 8, seconds: 20 }));
  });

  it("breaks one part at a time, since that is what hits survive", () => {
    const parts = planOf({ seed: 7, seconds: 60 }).filter((each) => each.kind === "fault");
    const ofParts = parts.filter(({ fault }) => !fault.startsWith("upstream-"));
    expect(new Set(ofParts.map(({ fault }) => fault)).size).toBe(PART_FAULTS.length);
    const begin = ofParts.slice(1).map(({ atMs }) => atMs);
    const overlapping = ofParts.slice(0, -1).filter(({ atMs, forMs }, at) => atMs + forMs >= (begin[at] ?? 0));
    expect(overlapping).toEqual([]);
  });
});
