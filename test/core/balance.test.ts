import { describe, expect, it } from "vitest";
import { balanceOf, isLow } from "../../src/core/balance.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const KEY = "platform-00000000";
const reading = { id: "0199c0de-0000-7000-8000-0000000000aa", balance: 10_000, read_at: "2026-11-18T00:00:00.000Z" };
const spending = { reading, charged: 2_000, inDoubt: 100, chargedLastDay: 1_000 };

it("is the reading less what was charged since, and for sure less what is in doubt too", () => {
  expect(balanceOf(KEY, spending, NOW)).toEqual({
    upstream_key_id: KEY,
    read_at: reading.read_at,
    estimated_balance: 8_000,
    least_balance: 7_900,
    credits_a_day: 1_000,
    gone_at: "2026-11-28T09:36:00.000Z",
  });
});

it("is not known of a key that was never read, and lasts when nothing is charged", () => {
  expect(balanceOf(KEY, undefined, NOW)).toMatchObject({ estimated_balance: null, gone_at: null });
  expect(balanceOf(KEY, { ...spending, chargedLastDay: 0 }, NOW).gone_at).toBeNull();
  expect(balanceOf(KEY, { ...spending, reading: { ...reading, balance: 1e15 } }, NOW).gone_at).toBeNull();
});

describe("is low", () => {
  it.each([
    { change: {}, is: false, because: "there is enough for a week" },
    { change: { charged: 4_900 }, is: false, because: "the limit itself is not below it" },
    { change: { charged: 4_901 }, is: true, because: "what is left for sure is below the limit" },
    { change: { inDoubt: 3_001 }, is: true, because: "the upstream may have taken what is in doubt" },
    { change: { chargedLastDay: 7_901 }, is: true, because: "it is gone within a day" },
    { change: { charged: 20_000, chargedLastDay: 0 }, is: true, because: "it is gone" },
  ])("$is with $change: $because", ({ change, is }) => {
    expect(isLow(balanceOf(KEY, { ...spending, ...change }, NOW), 5_000, NOW)).toBe(is);
  });

  it("false of a key that was never read", () => {
    expect(isLow(balanceOf(KEY, undefined, NOW), 5_000, NOW)).toBe(false);
  });
});
