import { describe, expect, it } from "vitest";
import { demandOf, NO_DEMAND } from "../../src/core/directives.ts";

const nowMs = 1_000_000;
const demand = (cacheControl: string | undefined, more: { isConditional?: boolean; mayRefresh?: boolean } = {}) =>
  demandOf({ cacheControl, isConditional: false, mayRefresh: true, ...more }, nowMs);

describe("what a request demands by its Cache-Control", () => {
  it.each([
    { text: undefined, demands: {}, because: "it says nothing" },
    { text: "", demands: {}, because: "it says nothing" },
    { text: "no-cache", demands: { fetchedFromMs: nowMs, isForced: true }, because: "nothing from before will do" },
    { text: "No-Cache", demands: { fetchedFromMs: nowMs, isForced: true }, because: "names have no case" },
    { text: "max-age=0", demands: { fetchedFromMs: nowMs }, because: "browsers say it so" },
    { text: "max-age=60", demands: { fetchedFromMs: nowMs - 60_000 }, because: "a minute is as old as it may be" },
    { text: 'max-age="60"', demands: { fetchedFromMs: nowMs - 60_000 }, because: "a quoted argument is one too" },
    { text: "max-age=60, max-age=1", demands: { fetchedFromMs: nowMs - 60_000 }, because: "the first counts" },
    { text: "max-age=-1", demands: {}, because: "it is no number of seconds" },
    { text: "max-age=1.5", demands: {}, because: "seconds are whole" },
    { text: "max-age", demands: {}, because: "it lacks its argument" },
    { text: "max-age=60, no-cache", demands: { fetchedFromMs: nowMs, isForced: true }, because: "the stricter counts" },
    { text: "min-fresh=30", demands: { leastFreshMs: 30_000 }, because: "it is to last" },
    { text: "max-stale=10", demands: { mostStaleMs: 10_000 }, because: "no staler than that" },
    { text: "max-stale", demands: {}, because: "any staleness that the bound allows" },
    { text: "only-if-cached", demands: { onlyIfCached: true }, because: "nothing is to be fetched" },
    { text: "no-store", demands: {}, because: "what one pays for is everybody's" },
    { text: "no-transform, x=max-age=5", demands: {}, because: "others' words are not ours" },
  ])("$text is $demands: $because", ({ text, demands }) => expect(demand(text)).toEqual({ ...NO_DEMAND, ...demands }));

  it.each(["no-cache", "max-age=0", "min-fresh=30", "max-stale=0"])(
    "%s counts for nothing without the permission to refresh, because browsers send such on every reload",
    (text) => expect(demand(text, { mayRefresh: false })).toEqual(NO_DEMAND),
  );

  it("lets anybody ask for what is cached only, because that spends nothing", () =>
    expect(demand("only-if-cached", { mayRefresh: false })).toMatchObject({ onlyIfCached: true }));

  it("takes no-cache beside a validator for a question about that, because fetch adds it by itself", () => {
    expect(demand("no-cache", { isConditional: true })).toEqual(NO_DEMAND);
    expect(demand("max-age=5", { isConditional: true })).toMatchObject({ fetchedFromMs: nowMs - 5_000 });
  });
});
