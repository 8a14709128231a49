import { describe, expect, it } from "vitest";
import { NEVER_PURGED, purgeOf, viewsOf } from "../../src/core/purge.ts";

describe("what becomes of an answer that was reserved at 5", () => {
  it.each([
    { purged: NEVER_PURGED, is: "none", because: "nothing was" },
    { purged: { hardMs: 4, softMs: 4 }, is: "none", because: "it is newer" },
    { purged: { hardMs: 5, softMs: 0 }, is: "hard", because: "of two at one time nobody knows which was first" },
    { purged: { hardMs: 6, softMs: 0 }, is: "hard", because: "it is older" },
    { purged: { hardMs: 0, softMs: 5 }, is: "soft", because: "the same holds for a soft one" },
    { purged: { hardMs: 4, softMs: 6 }, is: "soft", because: "the hard one was before it" },
    { purged: { hardMs: 6, softMs: 6 }, is: "hard", because: "gone is gone" },
    { purged: { hardMs: 6, softMs: 9 }, is: "hard", because: "a later soft one brings nothing back" },
  ] as const)("is $is after $purged: $because", ({ purged, is }) => {
    expect(purgeOf({ reservedAtMs: 5 }, purged)).toBe(is);
  });
});

it("a reader of a pool heeds the pool's purges and its own, one of its own answers each once", () => {
  expect(viewsOf({ scope: "pool:eu", tenantId: "1" })).toEqual(["pool:eu", "tenant:1"]);
  expect(viewsOf({ scope: "tenant:1", tenantId: "1" })).toEqual(["tenant:1"]);
});
