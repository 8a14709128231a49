import { expect, it } from "vitest";
import { MOST_CHARACTERS, MOST_IN_MESSAGE, packUsage } from "../../src/core/pack-usage.ts";
import { parseUsageMessage } from "../../src/core/messages.ts";
import type { Usage } from "../../src/core/usage.ts";
import { sampleEvent, sampleHits } from "../support/sample-usage.ts";

const TENANT = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

const events = (count: number) =>
  Array.from({ length: count }, (): Usage => ({ kind: "event", event: sampleEvent(TENANT) }));

/** Hits of an isolate that was asked for everything there is. */
const largeHits = (rows: number): Usage => {
  const [row] = sampleHits(TENANT).rows;
  if (row === undefined) throw new Error("the sample has no row");
  return { kind: "hits", batch: sampleHits(TENANT, { rows: Array.from({ length: rows }, () => row) }) };
};

it.each([
  { count: 0, sizes: [], because: "a message without anything would be paid for" },
  { count: 1, sizes: [1], because: "there is one thing to say" },
  { count: 50, sizes: [50], because: "so much goes into one" },
  { count: 3_000, sizes: Array.from({ length: 60 }, () => MOST_IN_MESSAGE), because: "a sweep may find so many" },
])("makes messages of $count events: $because", ({ count, sizes }) => {
  const usage = events(count);
  const packed = packUsage(usage);
  expect(packed.map((message) => parseUsageMessage(message).length)).toEqual(sizes);
  expect(packed.flatMap((message) => parseUsageMessage(message).map(({ body }) => body))).toEqual(usage);
});

it("makes no message larger than is billed as one, because a queue refuses what is twice as large", () => {
  const usage = Array.from({ length: 40 }, () => largeHits(29));
  const sizes = packUsage(usage).map((message) => JSON.stringify(message).length);
  expect(sizes.length).toBeGreaterThan(1);
  for (const size of sizes) expect(size).toBeLessThan(64_000);
  expect(Math.max(...sizes)).toBeGreaterThan(MOST_CHARACTERS / 2);
});

it("makes a message of its own of what is too large to go with anything", () => {
  const usage = [...events(2), largeHits(900), ...events(2)];
  expect(packUsage(usage).map((message) => parseUsageMessage(message).length)).toEqual([2, 1, 2]);
});
