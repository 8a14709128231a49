import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Priority } from "../../src/core/ledger.ts";
import { ADMIT_AT, argumentsAt, saidByTwin, type Asking } from "../support/admit-at.ts";
import { flooding, quiet } from "../support/crowds.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryAdmission } from "../support/memory-admission.ts";
import type { Marks } from "../support/memory-key-marks.ts";
import { simulateCrowd } from "../support/simulate-crowd.ts";

const SETTINGS = { windowMs: 10_000, perSecond: 50, secondMs: 1_000, catchUpMs: 1_000, breakerRestMs: 2_000 };
const START_MS = 1_700_000_000_000;
const CROWD_MS = 120_000;

type Mark = { readonly key: number; readonly of: keyof Omit<Marks, "reason" | "failures">; readonly forMs: number };
type Asked = {
  readonly tenant: number;
  readonly priority: Priority;
  readonly patienceMs: number;
  readonly keys: readonly number[];
};
type Step = Asked & {
  readonly afterMs: number;
  readonly mark: Mark | null;
  /** Instead, whoever was told the earliest time asks again then. */
  readonly isAgain: boolean;
};
/** Caps of the three keys. */
type Scene = { readonly caps: readonly number[]; readonly perSecond: number };

const mark: fc.Arbitrary<Mark> = fc.record({
  key: fc.nat(2),
  of: fc.constantFrom<Mark["of"]>("outUntilMs", "cooledUntilMs", "brokenUntilMs"),
  forMs: fc.nat(3_000),
});
const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.oneof(
    { weight: 30, arbitrary: fc.nat(60) },
    { weight: 3, arbitrary: fc.nat(1_200) },
    { weight: 1, arbitrary: fc.constantFrom(0, 9_999, 10_000, 60_000) },
  ),
  tenant: fc.nat(11),
  priority: fc.constantFrom<Priority>("interactive", "interactive", "refresh", "warm"),
  patienceMs: fc.constantFrom(0, 3_000, 12_000),
  keys: fc.constantFrom([0], [0], [0], [1, 0], [2, 1, 0]),
  mark: fc.option(mark, { freq: 12 }),
  isAgain: fc.boolean(),
});
const scene = fc.constantFrom<Scene>(
  { caps: [60, 5, 12], perSecond: 20 },
  { caps: [40, 5, 3], perSecond: 4 },
  { caps: [5, 2, 1], perSecond: 20 },
);

describe("the admission script and its twin in memory", () => {
  const redis = useLocalRedis();
  const loaded = async () => String(await redis().direct.script("LOAD", ADMIT_AT));

  it("decide alike and write the same, because simulations of the one are believed of the other", async () => {
    const kinds = new Set<string>();
    const steps = fc.array(step, { minLength: 60, maxLength: 160 });
    const alike = fc.asyncProperty(scene, steps, async (given, told) => {
      await redis().direct.flushdb();
      const take = sideBySide(given, await loaded());
      for (const each of told) {
        const { real, twin } = await take(each);
        expect(real).toBe(twin);
        kinds.add(real.slice(0, real.indexOf(" ")));
      }
    });
    await fc.assert(alike, { numRuns: 20, seed: 4 });
    expect([...kinds].toSorted(), "every kind of answer was met").toEqual(["admitted", "broken", "busy"]);
  });

  it("decide alike for every call of a crowd that needs all there is", async () => {
    const settings = { ...SETTINGS, windowMs: 60_300, secondMs: 1_300 };
    const asked: { readonly asking: Asking; readonly nowMs: number }[] = [];
    const groups = [quiet(199, CROWD_MS), flooding(5, [CROWD_MS / 2, CROWD_MS])];
    const onAsk = (asking: Asking, nowMs: number) => void asked.push({ asking, nowMs });
    await simulateCrowd({ seed: 1, cap: 200, groups, fromMs: 0, untilMs: CROWD_MS, onAsk });

    const [script, pipeline] = [await loaded(), redis().direct.pipeline()];
    for (const { asking, nowMs } of asked) pipeline.call("EVALSHA", script, ...argumentsAt(nowMs, settings, asking));
    const said = (await pipeline.exec())?.map(([, words]) => [words].flat().join(" "));

    const twin = memoryAdmission(settings, () => undefined);
    expect(said).toEqual(asked.map(({ asking, nowMs }) => saidByTwin(twin, asking, nowMs)));
    expect(said?.filter((words) => words.startsWith("busy")).length, "there was a crowd").toBeGreaterThan(100);
  });

  function sideBySide({ caps, perSecond }: Scene, script: string) {
    const { direct } = redis();
    const marks = new Map<string, Marks>();
    const settings = { ...SETTINGS, perSecond };
    const admission = memoryAdmission(settings, (id) => marks.get(id));
    let nowMs = START_MS;
    let waiting: { readonly atMs: number; readonly asked: Asked }[] = [];
    const setMark = async (id: string, { of, forMs }: Mark) => {
      const none = { outUntilMs: 0, cooledUntilMs: 0, failures: 0, brokenUntilMs: 0, reason: "" };
      const made = { ...(marks.get(id) ?? none), [of]: nowMs + forMs };
      marks.set(id, made);
      await direct.set(`marks-${id}`, `${made.outUntilMs} ${made.cooledUntilMs} 0 ${made.brokenUntilMs} `);
    };
    return async ({ afterMs, mark: made, isAgain, ...fresh }: Step) => {
      waiting = waiting.filter(({ atMs }) => atMs > nowMs).toSorted((a, b) => a.atMs - b.atMs);
      const told = isAgain ? waiting.shift() : undefined;
      nowMs = told?.atMs ?? nowMs + afterMs;
      if (made !== null) await setMark(`key-${made.key}`, made);
      const asked = told?.asked ?? fresh;
      const candidates = asked.keys.map((key) => ({ id: `key-${key}`, cap: caps[key] ?? 0 }));
      const asking = { ...asked, tenantId: `tenant-${asked.tenant}`, candidates };
      const words = await direct.call("EVALSHA", script, ...argumentsAt(nowMs, settings, asking));
      const twin = saidByTwin(admission, asking, nowMs);
      const inMs = Number(/^busy (\d+)/.exec(twin)?.[1]);
      if (inMs <= asked.patienceMs) waiting.push({ atMs: nowMs + inMs, asked });
      return { real: [words].flat().join(" "), twin };
    };
  }
});
