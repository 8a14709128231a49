import { expect, it } from "vitest";
import { projected } from "../../src/core/projection.ts";

const START = Date.parse("2026-11-01T00:00:00Z");
const NOW = Date.parse("2026-11-11T00:00:00Z");
const DAY_MS = 86_400_000;
const window = { limit: 1_000, used: 500, remaining: 500, resets_at: "2026-12-01T00:00:00.000Z" };

it.each([
  { given: { limit: null, remaining: null }, is: { kind: "unlimited" }, because: "there is no quota" },
  { given: { remaining: 0 }, is: { kind: "gone" }, because: "nothing is left" },
  { given: { used: 0, remaining: 1_000 }, is: { kind: "unused" }, because: "there is nothing to go by" },
  {
    given: {},
    is: { kind: "runs-out", atMs: NOW + 10 * DAY_MS },
    because: "half took ten days, so the other half takes ten more",
  },
  {
    given: { used: 334, remaining: 666 },
    is: { kind: "runs-out", atMs: NOW + (666 * 10 * DAY_MS) / 334 },
    because: "it is gone a little before the month is",
  },
  { given: { used: 300, remaining: 700 }, is: { kind: "lasts" }, because: "the month is over first" },
  {
    given: { used: 250, remaining: 500, limit: 750 },
    is: { kind: "lasts" },
    because: "a quota that runs out at the very moment when it begins anew lasts",
  },
])("a quota that spent $given.used is $is.kind, because $because", ({ given, is }) => {
  expect(projected({ ...window, ...given }, START, NOW)).toEqual(is);
});

it("a first credit in the first millisecond is taken at its word and divides by nothing", () => {
  const used = { ...window, used: 1, remaining: 999 };
  expect(projected(used, START, START)).toEqual({ kind: "runs-out", atMs: START + 999 });
});
