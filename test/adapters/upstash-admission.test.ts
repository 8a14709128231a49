import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADMISSION } from "../../src/adapters/upstash-admission-script.ts";
import { WINDOWS } from "../../src/adapters/upstash-clock-script.ts";
import type { Priority } from "../../src/core/ledger.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryAdmission } from "../support/memory-admission.ts";
import type { Marks } from "../support/memory-key-marks.ts";

/** The function as the reservation script calls it, at a time that is handed in. */
const ADMIT_AT = `${WINDOWS}${ADMISSION}
local picked = admit(redis.call("MGET", unpack(KEYS, 6)), tonumber(ARGV[1]))
if picked.ring then redis.call("SET", picked.key, picked.ring) end
if picked.kind == "admitted" then return { picked.kind, picked.id, picked.marked, picked.ring } end
return { picked.kind, whole(picked.inMs), picked.cap }
`;

const SETTINGS = { windowMs: 10_000, secondMs: 1_000, catchUpMs: 1_000, breakerRestMs: 2_000 };
const START_MS = 1_700_000_000_000;
const PRIORITIES: readonly Priority[] = ["interactive", "interactive", "refresh", "warm"];

type Mark = { readonly key: number; readonly of: keyof Omit<Marks, "reason" | "failures">; readonly forMs: number };
type Step = {
  readonly afterMs: number;
  readonly tenant: number;
  readonly priority: Priority;
  readonly patienceMs: number;
  readonly keys: readonly number[];
  readonly mark: Mark | null;
  /** Instead, whoever was told the earliest time asks again then. */
  readonly isAgain: boolean;
};

/** Caps of the three keys. */
type Scene = { readonly caps: readonly number[]; readonly perSecond: number };
type Asked = Pick<Step, "tenant" | "priority" | "patienceMs" | "keys">;

const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.oneof(
    { weight: 30, arbitrary: fc.nat(60) },
    { weight: 3, arbitrary: fc.nat(1_200) },
    { weight: 1, arbitrary: fc.constantFrom(0, 9_999, 10_000, 60_000) },
  ),
  tenant: fc.nat(11),
  priority: fc.constantFrom(...PRIORITIES),
  patienceMs: fc.constantFrom(0, 3_000, 12_000),
  keys: fc.constantFrom([0], [0], [0], [1, 0], [2, 1, 0]),
  mark: fc.option(
    fc.record({
      key: fc.nat(2),
      of: fc.constantFrom<Mark["of"]>("outUntilMs", "cooledUntilMs", "brokenUntilMs"),
      forMs: fc.nat(3_000),
    }),
    { freq: 12 },
  ),
  isAgain: fc.boolean(),
});
const steps = fc.tuple(
  fc.constantFrom<Scene>(
    { caps: [60, 5, 12], perSecond: 20 },
    { caps: [40, 5, 3], perSecond: 4 },
    { caps: [5, 2, 1], perSecond: 20 },
  ),
  fc.array(step, { minLength: 60, maxLength: 160 }),
);

describe("the admission script and its twin in memory", () => {
  const redis = useLocalRedis();

  it("decide alike and leave the same behind, because simulations of the one are believed of the other", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(steps, async ([scene, told]) => {
        await redis().direct.flushdb();
        const pair = await sideBySide(scene);
        for (const each of told) {
          const { real, twin } = await pair.take(each);
          expect(real).toEqual(twin);
          seen.add(real.split(" ", 1).join());
        }
      }),
      { numRuns: 20, seed: 4 },
    );
    expect([...seen].toSorted(), "every kind of answer was met").toEqual(["admitted", "broken", "busy"]);
  });

  async function sideBySide({ caps, perSecond }: Scene) {
    const { direct } = redis();
    const script = String(await direct.script("LOAD", ADMIT_AT));
    const marks = new Map<string, Marks>();
    const admission = memoryAdmission({ ...SETTINGS, perSecond }, (id) => marks.get(id));
    let nowMs = START_MS;
    let waiting: { readonly atMs: number; readonly asked: Asked }[] = [];
    const setMark = async ({ key, of, forMs }: Mark) => {
      const none = { outUntilMs: 0, cooledUntilMs: 0, failures: 0, brokenUntilMs: 0, reason: "" };
      const mark = { ...(marks.get(`key-${key}`) ?? none), [of]: nowMs + forMs };
      marks.set(`key-${key}`, mark);
      const { outUntilMs, cooledUntilMs, brokenUntilMs } = mark;
      await direct.set(`marks-key-${key}`, `${outUntilMs} ${cooledUntilMs} 0 ${brokenUntilMs} `);
    };
    return {
      /** What each says and has written since, in one text. */
      async take({
        afterMs,
        mark,
        isAgain,
        ...fresh
      }: Step): Promise<{ readonly real: string; readonly twin: string }> {
        waiting = waiting.filter(({ atMs }) => atMs > nowMs).toSorted((a, b) => a.atMs - b.atMs);
        const told = isAgain ? waiting.shift() : undefined;
        nowMs = told?.atMs ?? nowMs + afterMs;
        if (mark !== null) await setMark(mark);
        const { keys, ...asked } = told?.asked ?? fresh;
        const ids = keys.map((key) => `key-${key}`);
        const candidates = keys.map((key, at) => ({ id: ids[at] ?? "", cap: caps[key] ?? 0 }));
        const request = { ...asked, tenantId: `tenant-${asked.tenant}`, candidates };
        const said = await direct.evalsha(script, 5 + 2 * ids.length, ...argumentsAt(nowMs, perSecond, request));
        const decided = admission.admit(request, nowMs);
        if (decided.kind === "admitted") decided.commit();
        else if (decided.inMs <= asked.patienceMs)
          waiting.push({ atMs: nowMs + decided.inMs, asked: { ...asked, keys } });
        const twin =
          decided.kind === "admitted"
            ? [decided.kind, decided.id, Number(decided.isMarked), admission.written(decided.id)]
            : [decided.kind, decided.inMs, decided.cap];
        return { real: [said].flat().join(" "), twin: twin.join(" ") };
      },
    };
  }
});

type Request = {
  readonly tenantId: string;
  readonly priority: Priority;
  readonly patienceMs: number;
  readonly candidates: readonly { readonly id: string; readonly cap: number }[];
};

function argumentsAt(
  nowMs: number,
  perSecond: number,
  { tenantId, priority, patienceMs, candidates }: Request,
): (string | number)[] {
  const { windowMs, secondMs, catchUpMs, breakerRestMs } = SETTINGS;
  const unused = Array.from({ length: 7 }, () => "");
  return [
    ...Array.from({ length: 5 }, () => "unused"),
    ...candidates.flatMap(({ id }) => [`ring-${id}`, `marks-${id}`]),
    nowMs,
    ...unused,
    tenantId.padStart(12, "0"),
    priority,
    patienceMs,
    windowMs,
    `${perSecond} ${secondMs}`,
    catchUpMs,
    breakerRestMs,
    ...candidates.flatMap(({ id, cap }) => [id, cap]),
  ];
}
