import { describe, expect, it } from "vitest";
import { flooding, quiet } from "../support/crowds.ts";
import { mostWithin, simulateCrowd, type Crowd, type Group } from "../support/simulate-crowd.ts";

const MINUTE_MS = 60_000;
const CAP = 200;

type Scene = Omit<Crowd, "cap" | "seed"> & { readonly cap?: number };

/** Five minutes, the first two of which are not looked at. */
const scene = (...groups: readonly Group[]): Scene => ({ groups, fromMs: 2 * MINUTE_MS, untilMs: 5 * MINUTE_MS });
const [WARM_MS, END_MS] = [2 * MINUTE_MS, 12 * MINUTE_MS];

async function simulated({ seed = 1, cap = CAP, ...crowd }: Scene & { readonly seed?: number }) {
  const seen = await simulateCrowd({ ...crowd, cap, seed });
  expect(mostWithin(seen.arrivalsMs, MINUTE_MS), "in any minute at the upstream").toBeLessThanOrEqual(cap);
  expect(mostWithin(seen.arrivalsMs, 1_000), "in any second at the upstream").toBeLessThanOrEqual(50);
  const refusedShare = (name: string) => seen.of(name).refused / seen.of(name).asked;
  const served = (name: string) => seen.of(name).asked - seen.of(name).refused;
  return { ...seen, refusedShare, served };
}

describe("one key with 200 a minute, and one tenant that floods it for ten minutes", () => {
  it.each([1, 2, 3])(
    "refuses at most one in a hundred calls of 199 quiet tenants, who need all there is: seed %i",
    async (seed) => {
      const groups = [quiet(199, END_MS), flooding(20, [WARM_MS, END_MS])];
      const { refusedShare, used, served } = await simulated({ seed, groups, fromMs: WARM_MS, untilMs: END_MS });
      expect(refusedShare("quiet")).toBeLessThanOrEqual(0.01);
      expect(used).toBeGreaterThanOrEqual(0.95);
      expect(served("flood"), "its own share is the flooding tenant's too").toBeGreaterThanOrEqual(8);
    },
  );

  it.each([1, 2, 3])("refuses nothing that 100 quiet tenants ask, and gives the rest away: seed %i", async (seed) => {
    const groups = [quiet(100, END_MS), flooding(20, [WARM_MS, END_MS])];
    const { refusedShare, used } = await simulated({ seed, groups, fromMs: WARM_MS, untilMs: END_MS });
    expect(refusedShare("quiet")).toBe(0);
    expect(used).toBeGreaterThanOrEqual(0.95);
  });
});

describe("what a crowd gets of a key", () => {
  it.each([1, 2, 10])(
    "leaves room for one quiet tenant beside %i that flood, though it comes new each minute",
    async (floods) => {
      const { refusedShare, used } = await simulated(scene(quiet(1, END_MS), flooding(10, [0, END_MS], floods)));
      expect(refusedShare("quiet")).toBe(0);
      expect(used).toBeGreaterThanOrEqual(0.95);
    },
  );

  it("gives all of it to a lone tenant, at once if it asks at once", async () => {
    const burst: Group = { name: "lone", tenants: 1, calls: () => Array.from({ length: CAP }, (_, at) => at * 25) };
    const { served } = await simulated({ groups: [burst], fromMs: 0, untilMs: MINUTE_MS });
    expect(served("lone")).toBe(CAP);
  });

  it("assures a tenant of four fifths of its share, however often another asks", async () => {
    const one = { ...flooding(2.5, [0, END_MS]), name: "one" };
    const other = { ...flooding(50, [0, END_MS]), name: "other" };
    const { served } = await simulated(scene(one, other));
    expect(served("one")).toBeGreaterThanOrEqual(0.8 * 3 * (CAP / 2));
  });

  it("goes to people before refreshing, and to refreshing before warming", async () => {
    const rows = await Promise.all(
      [0, 1, 4].map(async (perSecond) => {
        const refresh: Group = { ...flooding(10, [0, END_MS]), name: "refresh", priority: "refresh" };
        const warm: Group = { ...flooding(10, [0, END_MS]), name: "warm", priority: "warm" };
        const people = { ...flooding(perSecond, [0, END_MS]), name: "people" };
        const { served } = await simulated(scene(refresh, warm, ...(perSecond === 0 ? [] : [people])));
        return { perSecond, refresh: served("refresh"), warm: served("warm") };
      }),
    );
    const [alone, some, full] = rows;
    expect(alone?.refresh).toBeGreaterThan(2 * (alone?.warm ?? 0));
    expect(some?.refresh).toBeGreaterThan(200);
    expect(full, "demand of people that fills the cap leaves nothing").toMatchObject({ refresh: 0, warm: 0 });
  });

  it("leaves a tenth of its places when it refreshes and three tenths when it warms, for people who come", async () => {
    for (const [priority, most] of [
      ["refresh", 0.9],
      ["warm", 0.7],
    ] as const) {
      const only = { ...flooding(20, [0, END_MS]), priority };
      const { arrivalsMs } = await simulated(scene(only));
      expect(mostWithin(arrivalsMs, MINUTE_MS)).toBeLessThanOrEqual(most * CAP);
    }
  });

  it("has each caller ask about once or twice, because a crowd that asks all the time costs more than it gets", async () => {
    const crowd = await simulated(scene(quiet(199, END_MS), flooding(20, [0, END_MS])));
    for (const name of ["quiet", "flood"]) expect(crowd.of(name).asks / crowd.of(name).asked).toBeLessThan(2);
  });
});
