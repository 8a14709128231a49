import { describe, expect, it } from "vitest";
import { daysFrom, isDay, isMonth, monthOf, monthsAfter, monthsBetween, monthStartMs } from "../../src/core/utc.ts";

describe("a day", () => {
  it.each([
    { text: "2026-11-30", is: true, because: "November has it" },
    { text: "2028-02-29", is: true, because: "the year has it" },
    { text: "2026-02-29", is: false, because: "the year has it not" },
    { text: "2026-11-31", is: false, because: "November has it not" },
    { text: "2026-13-01", is: false, because: "a year has twelve months" },
    { text: "2026-1-1", is: false, because: "days are compared as texts, so each has one form" },
    { text: "1999-12-31", is: false, because: "nothing is that old" },
    { text: "2026-11-30T00:00:00Z", is: false, because: "it is a time" },
    { text: "", is: false, because: "it is empty" },
  ])("$text: $is, because $because", ({ text, is }) => expect(isDay(text)).toBe(is));
});

it.each([
  { text: "2026-11", is: true },
  { text: "2026-00", is: false },
  { text: "2026-13", is: false },
  { text: "2026-1", is: false },
  { text: "2026-11-01", is: false },
])("$text is a month: $is", ({ text, is }) => expect(isMonth(text)).toBe(is));

it.each([
  { month: "2026-11", count: 1, is: "2026-12" },
  { month: "2026-12", count: 1, is: "2027-01" },
  { month: "2026-11", count: 26, is: "2029-01" },
  { month: "2026-11", count: 0, is: "2026-11" },
])("$count months after $month is $is, and as many lie between", ({ month, count, is }) => {
  expect(monthsAfter(month, count)).toBe(is);
  expect(monthsBetween(month, is)).toBe(count);
});

it("a month begins and ends in UTC, wherever the isolate runs", () => {
  const start = monthStartMs("2026-12");
  expect([monthOf(start - 1), monthOf(start)]).toEqual(["2026-11", "2026-12"]);
});

it.each([
  { from: "2026-11-30", to: "2026-12-02", days: ["2026-11-30", "2026-12-01", "2026-12-02"] },
  { from: "2026-11-30", to: "2026-11-30", days: ["2026-11-30"] },
  { from: "2026-11-30", to: "2026-11-29", days: [] },
])("from $from to $to are $days", ({ from, to, days }) => expect(daysFrom(from, to)).toEqual(days));
