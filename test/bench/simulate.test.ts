import { describe, expect, it } from "vitest";
import { compare } from "../../bench/simulate/designs.ts";
import { least } from "../../bench/simulate/least.ts";
import { DEFAULTS, readOptions, type Options } from "../../bench/simulate/options.ts";
import { plot } from "../../bench/simulate/plot.ts";
import { replay } from "../../bench/simulate/replay.ts";
import { guidesSample } from "../../bench/simulate/sample-design.ts";
import { plainTtl } from "../../bench/simulate/simple-designs.ts";
import { table } from "../../bench/simulate/table.ts";
import { traceOf } from "../../bench/simulate/trace.ts";

/** A tenth of the guide's traffic over a tenth of its profiles: as many views of each. */
const SMALL: Options = { ...DEFAULTS, profiles: 30, scale: 0.1, isolates: 8 };

/** Longer than anything takes from the moment that something is asked for until its answer is there, milliseconds. */
const LONGEST_MS = 30_000;

describe("the day", () => {
  it("is the caching guide's: 5,000 users, 8 profiles each, 2 calls a profile", () => {
    const requests = [...traceOf(DEFAULTS)];
    expect(requests).toHaveLength(80_000);
    expect(requests.filter(({ kind }) => kind === "user-posts")).toHaveLength(40_000);
    const times = requests.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    const within = (fromHour: number) => times.filter((atMs) => Math.floor(atMs / 14_400_000) === fromHour / 4).length;
    expect(within(12) / within(0)).toBeGreaterThan(5);
  });

  it("asks for user info by id as often as it is told to, and for the id before all else", () => {
    const kinds = [...traceOf({ ...DEFAULTS, view: 3 })].map(({ kind }) => kind);
    expect(kinds[0]).toBe("userid");
    expect(kinds.filter((kind) => kind === "userinfo-by-id").length / 40_000).toBeCloseTo(0.3, 1);
  });

  it("is the same for the same seed, and another for another", () => {
    expect([...traceOf(SMALL)]).toEqual([...traceOf(SMALL)]);
    expect([...traceOf(SMALL)]).not.toEqual([...traceOf({ ...SMALL, seed: 2 })]);
  });
});

describe("what others do", () => {
  it("plain TTL pays for each request that comes while another's call is under way, and keeps what came last", () => {
    const ask = (atMs: number) => ({ atMs, kind: "user-posts", profile: 0, isolate: 0 }) as const;
    const { calls, waited } = plainTtl([ask(0), ask(500), ask(1_000), ask(901_499), ask(901_500)], () => 1_000);
    expect({ calls, waited }).toEqual({ calls: 3, waited: 3 });
  });

  it("the guide's sample serves user info of almost two hours as fresh, for its refresh reads its own cache of an hour", () => {
    const ask = (minutes: number) =>
      ({ atMs: minutes * 60_000, kind: "userinfo-by-username", profile: 0, isolate: 0 }) as const;
    // At 59 minutes it is found past its quarter of an hour, and refreshed from Redis, where it is an hour's.
    const tally = guidesSample([ask(0), ask(59), ask(118)], () => 1_000);
    expect({ calls: tally.calls, oldest: tally.age("userinfo-by-username").maxMs }).toEqual({
      calls: 2,
      oldest: 118 * 60_000 - 1_000,
    });
  });
});

describe("the gateway's own steps", () => {
  it.each([
    { view: 2, derive: false },
    { view: 3, derive: true },
  ] as const)(
    "pay for what the upstream was asked, and serve what it sent within its bound: $view calls a view, derivation $derive",
    async ({ view, derive }) => {
      const trace = traceOf({ ...SMALL, view });
      const { tally, settled, wrong, tooOld } = await replay(trace, { ...SMALL, derive });
      expect({ wrong, tooOld, refusals: tally.refusals.size, requests: tally.requests }).toEqual({
        wrong: 0,
        tooOld: 0,
        refusals: 0,
        requests: trace.requests,
      });
      expect(settled).toHaveLength(tally.calls);
      expect(new Set(settled.map(({ eventId }) => eventId)).size).toBe(tally.calls);
      expect(settled.every(({ outcome, creditsCharged }) => outcome === "success" && creditsCharged === 1)).toBe(true);
      expect(tally.refreshMessages).toBeGreaterThan(tally.calls / 2);
      const { calls } = least(trace, { name: "least", isDerived: derive, answerMs: LONGEST_MS });
      expect(tally.calls).toBeGreaterThanOrEqual(calls);
    },
  );

  it("spend close to the least that any cache could, and let a third wait of those who wait for plain TTL", async () => {
    const [ours, fewest, plain] = (await compare(SMALL)).tallies;
    expect(ours.calls / fewest.calls).toBeLessThanOrEqual(1.005);
    expect(ours.waited).toBeLessThanOrEqual((plain?.waited ?? 0) / 3);
  });

  it("spend close to it in crowds as well, over many isolates in several colos", async () => {
    const crowd = { ...SMALL, profiles: 5, scale: 0.4, isolates: 20 };
    const [ours, fewest] = (await compare(crowd)).tallies;
    expect(ours.calls / fewest.calls).toBeLessThanOrEqual(1.01);
    expect(ours.refreshMessages).toBeLessThanOrEqual(ours.calls);
  });

  it("make one call when 500 ask for the same within a second of a cold morning, over 20 isolates", async () => {
    const asked = Array.from({ length: 500 }, (_, number) => {
      return { atMs: 2 * number, kind: "user-posts", profile: 0, isolate: number % 20 } as const;
    });
    const burst = { requests: asked.length, [Symbol.iterator]: () => asked.values() };
    const { tally, wrong } = await replay(burst, { ...SMALL, isolates: 20 });
    expect({ calls: tally.calls, requests: tally.requests, wrong }).toEqual({ calls: 1, requests: 500, wrong: 0 });
    expect(plainTtl(asked, () => 750).calls).toBe(375);
  });

  it("spend at most 0.87 of what separate keys would, where a page makes three calls", async () => {
    const [ours, separate] = (await compare({ ...SMALL, view: 3 })).tallies;
    expect(separate.name).toBe("least possible");
    expect(ours.calls / separate.calls).toBeLessThanOrEqual(0.87);
  });

  it("do the same each time, because nothing but the seed decides", async () => {
    const tiny = { ...SMALL, scale: 0.02 };
    expect(summary(await compare(tiny))).toEqual(summary(await compare(tiny)));
  });
});

describe("what is printed", () => {
  it("has a row and two lines of a plot for each design", async () => {
    const { tallies } = await compare({ ...SMALL, scale: 0.02, view: 3 });
    expect(table(tallies, tallies[1]).split("\n")).toHaveLength(2 + tallies.length);
    const svg = plot(tallies, "a <day> & a night");
    expect(svg.match(/<polyline/g)).toHaveLength(2 * tallies.length);
    expect(svg).toContain("a &lt;day> &amp; a night");
    expect(svg).not.toContain("NaN");
  });

  it.each([
    { args: ["--profiles", "0"], says: "--profiles" },
    { args: ["--scale", "0"], says: "--scale" },
    { args: ["--zipf", "-1"], says: "--zipf" },
    { args: ["--view", "4"], says: "--view" },
    { args: ["--by-id", "2"], says: "--by-id" },
    { args: ["--derive", "perhaps"], says: "--derive" },
  ])("names $says when it makes no sense", ({ args, says }) => {
    expect(() => readOptions(args)).toThrow(says);
  });
});

function summary({ tallies }: Awaited<ReturnType<typeof compare>>) {
  return tallies.map(({ name, callsUntil, waitsUntil, age }) => ({
    name,
    callsUntil,
    waitsUntil,
    age: age("user-posts"),
  }));
}
