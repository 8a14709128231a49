import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/core/charge.ts";
import {
  freshness,
  longestKeptMs,
  retainedMs,
  tightened,
  windowsFor,
  type WindowOverrides,
} from "../../src/core/windows.ts";
import { callTo } from "./calls.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const fetchedAtMs = 1_763_800_000_000;

const KEPT = {
  identity: "",
  kind: "answer",
  windows: "userid",
  status: 200,
  contentType: "",
  body: "",
  etag: "",
  reservedAtMs: 0,
  derived: false,
} as const;

type Given = {
  staleIfErrorMs?: number;
  path: string;
  search?: string;
  outcome?: Outcome;
  json?: unknown;
  overrides?: WindowOverrides;
  expectsLinks?: boolean;
};

function windowsOf({
  path,
  search = "",
  outcome = "success",
  json = {},
  overrides = {},
  expectsLinks = false,
  staleIfErrorMs = 0,
}: Given) {
  const call = callTo(path, search);
  return windowsFor({
    endpoint: call.endpoint,
    call,
    outcome,
    json,
    fetchedAtMs,
    overrides,
    expectsLinks,
    staleIfErrorMs,
  });
}

const expiringIn = (ms: number) => ({ play: `https://v.example/?x-expires=${(fetchedAtMs + ms) / second}` });
const commentedAgo = (...ago: number[]) => ({
  comments: ago.map((ms) => ({ create_time: (fetchedAtMs - ms) / second })),
});

describe("a post's detail", () => {
  const without = { id: "73", play: "", wmplay: "", hdplay: null };
  it.each([
    { json: without, expectsLinks: true, kept: false, because: "its links are missing for a moment" },
    { json: without, expectsLinks: false, kept: true, because: "the key gets no links" },
    {
      json: { ...without, images: ["https://p.example/1"] },
      expectsLinks: true,
      kept: true,
      because: "photos have no links",
    },
    { json: { ...without, play: "https://v.example/1" }, expectsLinks: true, kept: true, because: "one link will do" },
  ])("$json with links expected: $expectsLinks is kept: $kept, because $because", ({ json, expectsLinks, kept }) => {
    const search = "url=https://www.tiktok.com/@a/video/73";
    expect(windowsOf({ path: "/post-detail/", search, json, expectsLinks }) !== null).toBe(kept);
  });
});

describe("an answer", () => {
  it.each([
    { path: "/region-list/", freshMs: 7 * day, staleMs: day },
    { path: "/music-info/", search: "music_id=1", freshMs: day, staleMs: day },
    { path: "/userid/", search: "username=a", freshMs: day, staleMs: day },
    { path: "/challenge-info-id/", search: "id=1", freshMs: 4 * hour, staleMs: 4 * hour },
    { path: "/challenge-info-name/", search: "name=a", freshMs: 4 * hour, staleMs: 4 * hour },
    { path: "/playlist-info/", search: "playlist_id=1", freshMs: 6 * hour, staleMs: 6 * hour },
    { path: "/collection-info/", search: "collection_id=1", freshMs: 6 * hour, staleMs: 6 * hour },
    { path: "/post-detail/", search: "url=1", freshMs: 6 * hour, staleMs: hour },
    { path: "/userinfo-by-username/", search: "username=a", freshMs: hour, staleMs: hour },
    { path: "/userinfo-by-id/", search: "userid=1", freshMs: hour, staleMs: hour },
    { path: "/user-posts/", search: "userid=1", freshMs: 15 * minute, staleMs: 15 * minute },
    { path: "/music-posts/", search: "music_id=1", freshMs: 30 * minute, staleMs: 30 * minute },
    { path: "/search-video/", search: "keyword=a", freshMs: 5 * minute, staleMs: 5 * minute },
    { path: "/search-video/", search: "keyword=a&sort_by=1", freshMs: 5 * minute, staleMs: 5 * minute },
    { path: "/search-video/", search: "keyword=a&sort_by=2", freshMs: 5 * minute, staleMs: 0 },
    { path: "/user-stories/", search: "userid=1", freshMs: 5 * minute, staleMs: 5 * minute },
    { path: "/post-comment-replies/", search: "video_id=1&comment_id=1", freshMs: 10 * minute, staleMs: 10 * minute },
    { path: "/ads-detail/", search: "url=https://tiktok.com", freshMs: hour, staleMs: hour },
  ])("of $path $search is fresh $freshMs ms and stale $staleMs ms more", ({ freshMs, staleMs, ...given }) => {
    expect(windowsOf(given)).toMatchObject({ kind: "answer", freshMs, staleMs });
  });

  it.each([
    { json: commentedAgo(day + second), freshMs: hour, because: "nobody commented for a day" },
    { json: commentedAgo(9 * day, day + second, 2 * day), freshMs: hour, because: "the newest of them is cold" },
    { json: commentedAgo(day), freshMs: 5 * minute, because: "a day is not over a day" },
    { json: commentedAgo(9 * day, minute), freshMs: 5 * minute, because: "the newest need not come first" },
    { json: { comments: [{ id: "1" }] }, freshMs: 5 * minute, because: "without a time they may be hot" },
    { json: { comments: "none" }, freshMs: 5 * minute, because: "what is no list may be hot" },
    { json: { comments: [null, { create_time: null }] }, freshMs: 5 * minute, because: "null is no time" },
    {
      json: commentedAgo(9 * day),
      search: "url=1&cursor=20",
      freshMs: 5 * minute,
      because: "only the first page tells",
    },
  ])("of comments is fresh $freshMs ms: $because", ({ json, freshMs, search = "url=1" }) => {
    expect(windowsOf({ path: "/post-comments/", search, json })).toMatchObject({
      kind: "answer",
      freshMs,
      staleMs: freshMs,
    });
  });

  it.each([
    { livesMs: 10 * hour, freshMs: 6 * hour, staleMs: hour, because: "the links outlive it" },
    { livesMs: 6 * hour + 31 * minute, freshMs: 6 * hour, staleMs: 30 * minute, because: "they die while it is stale" },
    {
      livesMs: 2 * hour,
      freshMs: 119 * minute,
      staleMs: 0,
      because: "they die while it is fresh, and a minute is left",
    },
    { livesMs: minute, freshMs: 2 * second, staleMs: 0, because: "those who wait for this fetch still share it" },
    { livesMs: -day, freshMs: 2 * second, staleMs: 0, because: "dead links are shared no longer than that" },
  ])("of a post whose links live $livesMs ms is fresh $freshMs ms: $because", ({ livesMs, freshMs, staleMs }) => {
    const json = expiringIn(livesMs);
    expect(windowsOf({ path: "/post-detail/", search: "url=1", json })).toMatchObject({
      kind: "answer",
      freshMs,
      staleMs,
    });
  });

  it("is kept a minute when it is an empty list, because the first item may come any time", () => {
    const empty = { path: "/user-posts/", search: "userid=1", outcome: "empty" } as const;
    expect(windowsOf(empty)).toMatchObject({ kind: "answer", freshMs: minute, staleMs: 0 });
  });
});

it("a not-found is kept five minutes as negative, and never stale", () => {
  const gone = { path: "/post-detail/", search: "url=1", outcome: "not_found" } as const;
  expect(windowsOf(gone)).toMatchObject({ kind: "negative", freshMs: 5 * minute, staleMs: 0 });
});

const errors = ["account_error", "rate_limited", "client_error", "server_error", "origin_unreachable"] as const;
const failures = [
  "hollow",
  "malformed",
  "redirect",
  "truncated",
  "oversized",
  "timeout",
  "thrown",
  "abandoned",
] as const;

it.each([...errors, ...failures])("%s is never kept, because an error is no answer", (outcome) => {
  expect(windowsOf({ path: "/userid/", search: "username=a", outcome })).toBeNull();
});

it.each(["success", "not_found", "empty"] as const)("a download is never kept, be it %s", (outcome) => {
  expect(windowsOf({ path: "/download-video/", search: "url=1", outcome })).toBeNull();
});

describe("every window is a setting, so that tests can shrink it", () => {
  const tiny = { freshMs: 10, staleMs: 5 };
  it.each([
    { path: "/userid/", search: "username=a", overrides: { userid: tiny }, is: tiny },
    { path: "/userid/", search: "username=a", overrides: { "not-found": tiny }, outcome: "not_found", is: tiny },
    { path: "/user-posts/", search: "userid=1", overrides: { empty: tiny }, outcome: "empty", is: tiny },
    {
      path: "/post-comments/",
      search: "url=1",
      overrides: { "post-comments": tiny },
      json: commentedAgo(9 * day),
      is: tiny,
    },
    {
      path: "/post-detail/",
      search: "url=1",
      overrides: { "post-detail": tiny },
      json: expiringIn(minute),
      is: { freshMs: 10, staleMs: 0 },
    },
    {
      path: "/search-video/",
      search: "keyword=a&sort_by=2",
      overrides: { "search-video": tiny },
      is: { freshMs: 10, staleMs: 0 },
    },
  ] as const)("$path with $overrides", ({ is, ...given }) => expect(windowsOf(given)).toMatchObject(is));
});

describe("in place of a failure", () => {
  const search = { path: "/search-video/", staleIfErrorMs: day };
  it.each([
    {
      given: { path: "/userid/", search: "username=a", staleIfErrorMs: day },
      errorMs: day,
      because: "a day is the usual",
    },
    {
      given: { path: "/userid/", search: "username=a" },
      errorMs: day,
      because: "it is never less than the stale window",
    },
    {
      given: { path: "/user-posts/", search: "userid=1", staleIfErrorMs: hour },
      errorMs: hour,
      because: "it is a setting",
    },
    { given: { ...search, search: "keyword=a" }, errorMs: day, because: "relevance lasts" },
    {
      given: { ...search, search: "keyword=a&sort_by=2" },
      errorMs: 0,
      because: "who wants the newest wants nothing old",
    },
    {
      given: { path: "/user-posts/", search: "userid=1", outcome: "empty" as const, staleIfErrorMs: day },
      errorMs: 0,
      because: "an empty list is for a minute",
    },
    {
      given: { path: "/userid/", search: "username=a", outcome: "not_found" as const, staleIfErrorMs: day },
      errorMs: 0,
      because: "what was missing may be there",
    },
    {
      given: { path: "/post-detail/", search: "url=1", json: expiringIn(8 * hour), staleIfErrorMs: day },
      errorMs: 2 * hour - minute,
      because: "its links are dead after that",
    },
  ])("$given is kept $errorMs ms past its freshness: $because", ({ given, errorMs }) => {
    expect(windowsOf(given)).toMatchObject({ errorMs });
  });
});

describe("a tenant's own windows", () => {
  const entry = { ...KEPT, fetchedAtMs: 0, freshMs: 1_000, staleMs: 500, errorMs: 9_000 };
  it.each([
    { own: {}, ages: { freshMs: 1_000, staleMs: 500, errorMs: 9_000 }, because: "it has none" },
    { own: { feed: { freshMs: 1, staleMs: 0 } }, ages: { freshMs: 1_000 }, because: "they are of another class" },
    {
      own: { userid: { freshMs: 200, staleMs: 100 } },
      ages: { freshMs: 200, staleMs: 100, errorMs: 9_800 },
      because: "both end earlier; a failure is bounded as before",
    },
    {
      own: { userid: { freshMs: 5_000, staleMs: 5_000 } },
      ages: { freshMs: 1_000, staleMs: 500, errorMs: 9_000 },
      because: "they never widen",
    },
    {
      own: { userid: { freshMs: 200, staleMs: 5_000 } },
      ages: { freshMs: 200, staleMs: 1_300 },
      because: "stale ends where it ends for all",
    },
    {
      own: { userid: { freshMs: 200, staleMs: 0 } },
      ages: { freshMs: 200, staleMs: 0, errorMs: 0 },
      because: "who wants nothing stale wants nothing staler",
    },
  ])("$own make it $ages: $because", ({ own, ages }) => expect(tightened(entry, own)).toMatchObject(ages));
});

describe("an entry fetched at 1,000 with 500 fresh, 200 stale and 300 for failures", () => {
  const entry = { fetchedAtMs: 1_000, freshMs: 500, staleMs: 200, errorMs: 300 };
  it.each([
    { nowMs: 1_000, is: "fresh", leftMs: 800, because: "it was just fetched" },
    { nowMs: 1_499, is: "fresh", leftMs: 301, because: "one millisecond is left" },
    { nowMs: 1_500, is: "stale", leftMs: 300, because: "the window ends exclusively" },
    { nowMs: 1_699, is: "stale", leftMs: 101, because: "one millisecond is left" },
    { nowMs: 1_700, is: "last-resort", leftMs: 100, because: "the stale window ends exclusively" },
    { nowMs: 1_799, is: "last-resort", leftMs: 1, because: "one millisecond is left" },
    { nowMs: 1_800, is: "expired", leftMs: 0, because: "the bound ends exclusively" },
    { nowMs: 900, is: "fresh", leftMs: 900, because: "a clock behind the writer's finds it fresh" },
  ])("is $is at $nowMs and of use for $leftMs more: $because", ({ nowMs, is, leftMs }) => {
    expect(freshness(entry, nowMs)).toBe(is);
    expect(retainedMs(entry, nowMs)).toBe(leftMs);
  });
});

it.each([
  { overrides: {}, days: 10, because: "the list of regions lives 7 days, and one more as stale" },
  {
    overrides: { userid: { freshMs: 10 * day, staleMs: day } },
    days: 13,
    because: "this deployment keeps users longer",
  },
  {
    overrides: { "region-list": { freshMs: 0, staleMs: 0 } },
    days: 10,
    because: "what was kept before that was set still lives",
  },
])("with $overrides no entry lives for $days days: $because", ({ overrides, days }) =>
  expect(longestKeptMs(overrides, day)).toBe(days * day),
);
