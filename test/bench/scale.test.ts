import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { binding } from "../../bench/scale/limits.ts";
import { LOADS, needsOf, questionsForTokens, type Load } from "../../bench/scale/load.ts";
import { page } from "../../bench/scale/page.ts";
import { COSTS } from "../../bench/costs.ts";

const PAGE = fileURLToPath(new URL("../../bench/SCALE.md", import.meta.url).href);

const ALL_MISS: Load = {
  perSecond: 100,
  isolates: 10,
  mix: { "memory hit": 0, "colo hit": 0, "Redis hit": 0, "stale hit": 0, miss: 1 },
};

describe("what binds first", () => {
  it("stands in SCALE.md as it is computed, so that the page cannot rot: npm run scale writes it", async () => {
    expect(await readFile(PAGE, "utf8")).toBe(page());
  });

  it.each(LOADS)("is asked of requests that go one way each: $perSecond a second", ({ mix }) => {
    expect(Object.values(mix).reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 10);
  });

  it("are the needs that the counted costs come to", () => {
    const needs = needsOf(ALL_MISS, 1_000);
    // 100 a second are 6,000 a minute, on keys of 200.
    expect(needs.upstreamKeys).toBe(30);
    expect(needs.ledgerCommands).toBe(100 * (COSTS.miss.commands - 2));
    // Look-up and store, a question of four commands for every six requests, and two readings of the log by each of ten isolates.
    expect(needs.cacheCommands).toBeCloseTo(200 + 400 / 6 + 20, 10);
    // An isolate sends one message of events a second.
    expect(needs.usageMessages).toBe(10);
    expect(needs.bookedRows).toBe(100);
  });

  it.each([
    {
      perSecond: 1,
      pairs: 1_000,
      questions: 1,
      because: "an isolate that sees a tenant every quarter of an hour holds none",
    },
    {
      perSecond: 10,
      pairs: 1_000,
      questions: 10 / 3,
      because: "three requests in five minutes are three tokens at a time",
    },
    { perSecond: 600, pairs: 1_000, questions: 100, because: "six are held at a time" },
    { perSecond: 1_000, pairs: 100, questions: 100, because: "ten a second are taken at once" },
    { perSecond: 100_000, pairs: 100, questions: 5_000, because: "of a thousand a second twenty are held at a time" },
  ])("asks for tokens $questions times: $because", ({ perSecond, pairs, questions }) => {
    expect(questionsForTokens(perSecond, pairs)).toBeCloseTo(questions, 10);
  });

  it("is the limit of which most is used", () => {
    const idle = {
      upstreamKeys: 900,
      ledgerCommands: 0,
      cacheCommands: 0,
      tokenCommands: 0,
      refreshMessages: 0,
      bookedRows: 0,
    };
    expect(binding({ ...idle, usageMessages: 2_500 })).toMatchObject({ limit: { need: "usageMessages" }, used: 0.5 });
  });
});
