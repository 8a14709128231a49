import { describe, expect, it } from "vitest";
import { type Demand, NO_DEMAND } from "../../src/core/directives.ts";
import type { Entry } from "../../src/core/entry.ts";
import { NEVER_PURGED } from "../../src/core/purge.ts";
import { standing } from "../../src/core/standing.ts";

/** Fetched at 1,000: fresh until 2,000, stale until 3,000, a last resort until 5,000. */
const ENTRY: Entry = {
  identity: "call",
  kind: "answer",
  windows: "userid",
  status: 200,
  contentType: "application/json",
  body: "{}",
  etag: '"e"',
  fetchedAtMs: 1_000,
  reservedAtMs: 900,
  freshMs: 1_000,
  staleMs: 1_000,
  errorMs: 3_000,
  derived: false,
};
const NONE_STALE = { ...ENTRY, staleMs: 0, errorMs: 0 };

type Case = { nowMs: number; demand?: Partial<Demand>; is: string; because: string };

describe("an entry", () => {
  it.each<Case>([
    { nowMs: 1_999, is: "fresh", because: "it has a millisecond left" },
    { nowMs: 2_000, is: "stale", because: "its time is over" },
    { nowMs: 3_000, is: "last-resort", because: "so is the time in which it is refreshed behind a response" },
    { nowMs: 5_000, is: "none", because: "every bound is passed" },
    { nowMs: 1_500, demand: { fetchedFromMs: 1_001 }, is: "refused", because: "something newer is wanted" },
    { nowMs: 1_500, demand: { fetchedFromMs: 1_000 }, is: "fresh", because: "it is as new as is wanted" },
    { nowMs: 2_100, demand: { mostStaleMs: 99 }, is: "refused", because: "it is a hundred past its time" },
    { nowMs: 2_100, demand: { mostStaleMs: 100 }, is: "stale", because: "so much is allowed" },
    { nowMs: 1_500, demand: { leastFreshMs: 501 }, is: "refused", because: "it will not last" },
    { nowMs: 2_500, demand: { leastFreshMs: 1 }, is: "refused", because: "what is past its time lasts not at all" },
    {
      nowMs: 4_000,
      demand: { fetchedFromMs: 1_001 },
      is: "last-resort",
      because: "it would not have been served anyway",
    },
    { nowMs: 5_000, demand: { fetchedFromMs: 0 }, is: "none", because: "no demand makes it younger" },
  ])("at $nowMs is $is under $demand: $because", ({ nowMs, demand, is }) => {
    const reader = { own: {}, demand: { ...NO_DEMAND, ...demand }, purged: NEVER_PURGED };
    expect(standing(ENTRY, reader, nowMs)).toBe(is);
  });

  it.each([
    { entry: ENTRY, purged: { hardMs: 900, softMs: 0 }, is: "none", because: "it was reserved when it was purged" },
    { entry: ENTRY, purged: { hardMs: 899, softMs: 0 }, is: "fresh", because: "it was reserved since" },
    { entry: ENTRY, purged: { hardMs: 0, softMs: 900 }, is: "stale", because: "it is to be refreshed" },
    {
      entry: NONE_STALE,
      purged: { hardMs: 0, softMs: 900 },
      is: "none",
      because: "of its kind nothing is served stale",
    },
  ])("of which $purged was purged is $is: $because", ({ entry, purged, is }) =>
    expect(standing(entry, { own: {}, demand: NO_DEMAND, purged }, 1_500)).toBe(is),
  );
});
