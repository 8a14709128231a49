import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/core/entry.ts";
import { callOf } from "../../src/core/parameters.ts";
import { chooseWarm, countsForWarming, type Warmable } from "../../src/core/warm.ts";
import type { AnswerHead } from "../../src/core/warm-ports.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const rules = { nowMs: NOW, minHits: 2, budget: 20, windows: {} };

const POSTS = "/user-posts/?userid=107955";

/** An answer of `path` that is asked for so often an hour; a feed is fresh for 15 minutes. */
function warmable({ path = POSTS, anHour = 60, ...more }: Partial<Warmable> & { path?: string; anHour?: number }) {
  const call = callOf(path);
  if (call === undefined) throw new Error(`${path} is no call`);
  return { identity: path, call, perMs: anHour / HOUR, head: undefined, isInVain: false, ...more };
}

function head({
  ageMs = 0,
  hardMs = 0,
  softMs = 0,
  ...more
}: Partial<Entry> & Record<string, unknown> = {}): AnswerHead {
  const times = { fetchedAtMs: NOW - Number(ageMs), reservedAtMs: NOW - Number(ageMs) };
  const windows = { windows: "feed", freshMs: 15 * MINUTE, staleMs: 15 * MINUTE, errorMs: 24 * HOUR } as const;
  const kept = { identity: POSTS, kind: "answer", status: 200, contentType: "application/json", etag: '"e"' } as const;
  const entry = { ...kept, ...windows, ...times, derived: false, ...more };
  return { entry, purged: { hardMs: Number(hardMs), softMs: Number(softMs) } };
}

const paths = (chosen: readonly Warmable[]) => chosen.map(({ identity }) => identity);

describe("what is asked for every minute", () => {
  it.each([
    { there: undefined, is: "warmed", because: "nothing is there" },
    { there: head({ ageMs: 0 }), is: "left", because: "it was fetched just now" },
    { there: head({ ageMs: 13 * MINUTE }), is: "left", because: "it is fresh until the next run, and past it" },
    { there: head({ ageMs: 14 * MINUTE }), is: "warmed", because: "it is not when the next run has fetched" },
    { there: head({ ageMs: 20 * MINUTE }), is: "warmed", because: "it is stale already" },
    { there: head({ ageMs: 5 * HOUR }), is: "warmed", because: "it would only stand in for a failure" },
    { there: head({ ageMs: MINUTE, softMs: NOW }), is: "warmed", because: "it was purged softly" },
    { there: head({ ageMs: MINUTE, softMs: NOW - HOUR }), is: "left", because: "it was fetched after the purge" },
    { there: head({ ageMs: 20 * MINUTE, kind: "negative" }), is: "left", because: "the upstream knows no such thing" },
  ])("is $is when $because", ({ there, is }) => {
    expect(chooseWarm([warmable({ head: there })], rules)).toHaveLength(is === "warmed" ? 1 : 0);
  });
});

describe("by the hits that are expected while it is fresh", () => {
  it.each([
    { anHour: 8.1, path: POSTS, is: "warmed", because: "8 an hour are 2 in the 15 minutes of a feed" },
    { anHour: 7.9, path: POSTS, is: "left", because: "that is not quite 2" },
    { anHour: 2.1, path: "/userinfo-by-id/?userid=1", is: "warmed", because: "a profile is fresh for an hour" },
    { anHour: 0.1, path: "/userid/?username=a", is: "warmed", because: "an id is fresh for a day" },
    { anHour: 23, path: "/search-video/?keyword=a", is: "left", because: "a search for videos is fresh for 5 minutes" },
    { anHour: 9_999, path: "/download-music/?url=7300000000000000002", is: "left", because: "downloads are not kept" },
  ])("$anHour requests an hour of $path are $is: $because", ({ anHour, path, is }) => {
    expect(chooseWarm([warmable({ anHour, path })], rules)).toHaveLength(is === "warmed" ? 1 : 0);
  });

  it.each([
    { there: { freshMs: HOUR }, anHour: 2.1, is: "warmed", because: "the last one was fresh for an hour" },
    {
      there: { freshMs: 2_000 },
      anHour: 60,
      is: "left",
      because: "its links died after seconds, and so will the next ones'",
    },
    {
      there: { freshMs: MINUTE, windows: "empty" as const },
      anHour: 119,
      is: "left",
      because: "an empty list lasts a minute",
    },
  ])("$anHour requests an hour are $is when $because", ({ there, anHour, is }) => {
    const chosen = chooseWarm([warmable({ anHour, head: head({ ageMs: 2 * HOUR, ...there }) })], rules);
    expect(chosen).toHaveLength(is === "warmed" ? 1 : 0);
  });

  it("minds the windows of the deployment and its own measure of what is worth it", () => {
    const once = warmable({ anHour: 8 });
    expect(chooseWarm([once], { ...rules, minHits: 3 })).toEqual([]);
    expect(chooseWarm([once], { ...rules, windows: { feed: { freshMs: MINUTE, staleMs: 0 } } })).toEqual([]);
  });
});

describe("within a budget", () => {
  const posts = (userid: number, anHour: number) => warmable({ path: `/user-posts/?userid=${userid}`, anHour });
  const id = (username: string, anHour: number) => warmable({ path: `/userid/?username=${username}`, anHour });
  const seed = (keyword: string) => ({ ...warmable({ path: `/search-challenge/?keyword=${keyword}` }), perMs: null });

  it("comes first what most hits are expected of, which is not what is asked for most often", () => {
    const chosen = chooseWarm([posts(1, 100), id("a", 2), posts(2, 300)], { ...rules, budget: 2 });
    expect(paths(chosen)).toEqual(["/user-posts/?userid=2", "/userid/?username=a"]);
  });

  it("come seeds after what is hot, in the order given, and only when they are due", () => {
    const fresh = { ...seed("c"), head: head() };
    const chosen = chooseWarm([seed("b"), fresh, seed("a"), posts(1, 60)], rules);
    expect(paths(chosen)).toEqual([
      "/user-posts/?userid=1",
      "/search-challenge/?keyword=b",
      "/search-challenge/?keyword=a",
    ]);
  });

  it("is a seed that is hot paid once", () => {
    const hot = { ...seed("a"), perMs: 1 };
    expect(chooseWarm([hot, seed("a")], rules)).toEqual([hot]);
  });

  it("costs one credit what costs one, and nothing is begun that is not covered", () => {
    const dear = posts(9, 900);
    const fourCredits = { ...dear, call: { ...dear.call, endpoint: { ...dear.call.endpoint, credits: 4 } } };
    expect(paths(chooseWarm([fourCredits, posts(1, 60)], { ...rules, budget: 3 }))).toEqual(["/user-posts/?userid=1"]);
    expect(paths(chooseWarm([fourCredits, posts(1, 60)], { ...rules, budget: 4 }))).toEqual(["/user-posts/?userid=9"]);
  });

  it("is nothing asked for that was asked for in vain: the place is the next one's", () => {
    const chosen = chooseWarm([{ ...posts(1, 600), isInVain: true }, posts(2, 60)], { ...rules, budget: 1 });
    expect(paths(chosen)).toEqual(["/user-posts/?userid=2"]);
  });
});

describe("a request is a reason to keep an answer warm", () => {
  const feed = { kind: "answer", windows: "feed" } as const;
  const pool = { cacheScope: "pool", windows: {} } as const;
  it.each([
    { entry: feed, tenant: pool, paid: true, is: true, because: "somebody pays for the pool" },
    { entry: feed, tenant: pool, paid: false, is: false, because: "nobody pays for the pool" },
    {
      entry: feed,
      tenant: { ...pool, cacheScope: "tenant" as const },
      paid: false,
      is: true,
      because: "it is its own",
    },
    {
      entry: { ...feed, kind: "negative" as const },
      tenant: pool,
      paid: true,
      is: false,
      because: "nothing was found",
    },
    {
      entry: feed,
      tenant: { ...pool, windows: { feed: { freshMs: 1, staleMs: 0 } } },
      paid: true,
      is: false,
      because: "it would not be fresh to this tenant for as long as it is to others",
    },
  ])("is $is when $because", ({ entry, tenant, paid, is }) => {
    expect(countsForWarming(entry, tenant, paid)).toBe(is);
  });
});
