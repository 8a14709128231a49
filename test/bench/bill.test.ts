import { describe, expect, it } from "vitest";
import { billOf, infrastructure, NOTHING_USED, total, usedBy } from "../../bench/bill/bill.ts";
import { follow } from "../../bench/bill/follow.ts";
import { tokenRequestsOf } from "../../bench/bill/token-requests.ts";
import { collector, deliveries } from "../../bench/bill/collector.ts";
import { compareBills } from "../../bench/bill/designs.ts";
import { billPlot } from "../../bench/bill/plot.ts";
import { classesTable, designsTable, linesTable } from "../../bench/bill/report.ts";
import { COSTS } from "../../bench/costs.ts";
import { DEFAULTS } from "../../bench/simulate/options.ts";

const MILLION = 1_000_000;

describe("a bill", () => {
  it.each([
    { used: { requests: MILLION }, dollars: 0.3, because: "a million requests" },
    { used: { cpuMs: 50 * MILLION }, dollars: 1, because: "50 million ms at two cents a million" },
    { used: { commands: 3 * MILLION }, dollars: 6, because: "three million commands at $2" },
    { used: { messages: MILLION }, dollars: 1.2, because: "each is written, read and deleted, at 40 cents a million" },
    { used: { credits: 80_000 }, dollars: 8, because: "a day without a cache" },
  ])("of $used is $dollars: $because", ({ used, dollars }) => {
    expect(total(billOf({ ...NOTHING_USED, ...used }))).toBeCloseTo(dollars, 10);
  });

  it("has writes once more for each region in which the database is read, and reads not", () => {
    const used = { ...NOTHING_USED, commands: 4 * MILLION, writes: MILLION };
    expect(billOf(used, 2).redis).toBeCloseTo(12, 10);
  });

  it("of a million misses of a list is what their commands, their message and their credit come to", () => {
    const bill = billOf(usedBy(COSTS.miss, MILLION));
    expect(bill.redis).toBeCloseTo(COSTS.miss.commands * 2, 10);
    expect(bill.queues).toBeCloseTo(1.2, 10);
    expect(bill.credits).toBeCloseTo(100, 10);
    // 0.09 ms, six fetches of 0.095, two questions to the Cache API of 0.06, and 0.03 for the message.
    expect(bill.workers).toBeCloseTo(0.3 + 0.02 * (0.09 + 6 * 0.095 + 2 * 0.06 + 0.03), 10);
    expect(infrastructure(bill)).toBeCloseTo(total(bill) - 100, 10);
  });
});

describe("what goes by the clock", () => {
  const ask = (atMs: number, isolate = 0) => ({ atMs, isolate, kind: "user-posts", profile: 0 }) as const;

  const near = (atMs: number, isolate = 0) => ({ atMs, isolate, isNear: true });
  const far = (atMs: number, isolate = 0) => ({ atMs, isolate, isNear: false });
  const nothing = { logReadings: 0, recordReadings: 0, recordsAlongside: 0, recordsReadAnew: 0 };
  /** A cold isolate's first request: both ends of the log, and the key from Postgres. */
  const begun = { ...nothing, logReadings: 2, recordReadings: 1, recordsReadAnew: 1 };

  it.each([
    { asked: [near(0)], is: begun, because: "a cold isolate knows nothing" },
    { asked: [near(0), near(499)], is: begun, because: "what was read a moment ago holds" },
    { asked: [near(0), near(500), near(1_500)], is: { ...begun, logReadings: 4 }, because: "the log is read anew" },
    {
      asked: [far(0), far(1_000), far(2_500)],
      is: begun,
      because: "a question to Redis brings along that there is nothing new",
    },
    { asked: [far(0), far(999)], is: { ...begun, logReadings: 3 }, because: "before a second it is read behind" },
    { asked: [near(0), near(9_000)], is: { ...begun, logReadings: 3 }, because: "the record is young" },
    {
      asked: [near(0), near(10_000)],
      is: { ...begun, recordReadings: 2, recordsReadAnew: 2 },
      because: "nothing vouches for it after a pause",
    },
    {
      asked: [far(0), far(10_000)],
      is: { ...begun, recordsAlongside: 1, recordsReadAnew: 2 },
      because: "it comes with the answer",
    },
    {
      asked: [near(0), near(9_000, 1), near(12_000)],
      is: { logReadings: 4, recordReadings: 3, recordsAlongside: 0, recordsReadAnew: 2 },
      because: "another isolate's is young, and is in Redis",
    },
    {
      asked: [near(0), near(2_000), ...[4_000, 8_000, 12_000].map((atMs) => near(atMs))],
      is: { ...begun, logReadings: 6, recordReadings: 2, recordsReadAnew: 2 },
      because: "one that was read with the first word of the log is vouched for by nothing",
    },
  ])("is $is about the key of $asked: $because", ({ asked, is }) => {
    expect(follow(asked)).toEqual(is);
  });

  it("is a question for a token each time where hardly anything is asked, and seldom where more is", async () => {
    const every = (gapMs: number, times: number) => Array.from({ length: times }, (_, at) => ask(at * gapMs));
    expect(await tokenRequestsOf(every(600_000, 50), 1)).toBe(50);
    expect(await tokenRequestsOf(every(5_000, 500), 1)).toBeLessThan(125);
    expect(await tokenRequestsOf(every(100, 500), 1)).toBeLessThan(100);
    // A larger plan's hundredth is more.
    expect(await tokenRequestsOf(every(100, 5_000), 50)).toBeLessThan(50);
  });

  it("is a message for all that an isolate collects within its time, or until there are as many as go into one", () => {
    const collecting = collector({ most: 3, forMs: 1_000 });
    for (const atMs of [0, 10, 20, 30, 1_500]) collecting.add(0, atMs);
    collecting.add(1, 40);
    expect(collecting.sentAtMs()).toEqual([1_000, 1_030, 1_040, 2_500]);
  });

  it("is a delivery for all messages within five seconds or for ten, and one with events where any has some", () => {
    expect(deliveries([100, 12_000], [0, 4_999, 5_000])).toEqual({ withEvents: 2, withHits: 1 });
    expect(
      deliveries(
        [],
        Array.from({ length: 25 }, (_, at) => at),
      ),
    ).toEqual({ withEvents: 0, withHits: 3 });
  });
});

describe("the designs beside each other", () => {
  it(
    "are billed for the same requests, each for its own calls, and no cache for all of them",
    { timeout: 60_000 },
    async () => {
      const options = { ...DEFAULTS, profiles: 30, scale: 0.1, isolates: 4 };
      const compared = await compareBills(options);
      const [ours, guides, stock, none] = compared.designs;
      expect(none.bill).toEqual({ workers: 0, redis: 0, queues: 0, credits: expect.closeTo(24, 6) });
      for (const each of [ours, guides, stock]) {
        expect(each.bill.credits).toBeLessThan(none.bill.credits / 2);
        expect(each.used.requests).toBeGreaterThanOrEqual(8_000 * 30);
      }
      // Each of 8,000 requests a day: one command and three, and what the cache is asked.
      expect(guides.used.commands).toBeGreaterThan(4 * 8_000 * 30);
      const tables = [classesTable(), designsTable(compared), linesTable(compared.lines)];
      for (const text of tables) expect(text).not.toContain("NaN");
      expect(billPlot(compared.designs, "a <bill>").match(/<rect/g)).toHaveLength(4 * 4 + 4);
    },
  );
});
