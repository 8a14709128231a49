import { describe, expect, it } from "vitest";
import { memoryKeyRecords, memoryOrigins } from "../../src/adapters/memory-key-records.ts";

describe("origins in the isolate", () => {
  const setUp = () => {
    let nowMs = 0;
    const memory = memoryOrigins({ knownMs: 60_000, unknownMs: 10_000 }, () => nowMs);
    return { memory, at: (ms: number) => void (nowMs = ms) };
  };

  it.each([
    { known: true, atMs: 59_999, is: true, because: "a page asks before each kind of request" },
    { known: true, atMs: 60_000, is: undefined, because: "a key may have been revoked" },
    { known: false, atMs: 9_999, is: false, because: "asking about nobody costs nothing" },
    { known: false, atMs: 10_000, is: undefined, because: "a key may have been issued" },
  ])("one that was known: $known is $is after $atMs ms: $because", ({ known, atMs, is }) => {
    const { memory, at } = setUp();
    memory.put("https://app.example.com", known);
    at(atMs);
    expect(memory.knows("https://app.example.com")).toBe(is);
  });

  it("are bounded, because anybody can make some up", () => {
    const { memory } = setUp();
    memory.put("https://first.example.com", true);
    for (let at = 0; at < 1_000; at++) memory.put(`https://${at}.example.com`, false);
    expect(memory.knows("https://first.example.com")).toBeUndefined();
    expect(memory.knows("https://999.example.com")).toBe(false);
  });
});

it("a key's first use of a day is one, because each note of it is a statement in Postgres", () => {
  const memory = memoryKeyRecords(10_000, () => 0);
  const days = ["2026-01-31", "2026-01-31", "2026-02-01", "2026-02-01"];
  expect(days.map((day) => memory.isFirstUse("abcdefghijkl", day))).toEqual([true, false, true, false]);
  expect(memory.isFirstUse("another00000", "2026-02-01")).toBe(true);
});
