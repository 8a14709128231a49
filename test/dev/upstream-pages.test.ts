import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EARLIEST_MS, LATEST_MS } from "../../dev/upstream/clock.ts";
import { sliceOfLine } from "../../dev/upstream/world/timeline.ts";
import { NOW_MS, startClient, type Client } from "./upstream-client.ts";

let upstream: Client;
beforeAll(async () => {
  upstream = await startClient();
});
afterAll(() => upstream.close());

const DAY_MS = 86_400_000;

it.each([
  { call: "/user-posts/?userid=107955&count=35", list: "videos", id: "video_id", cursor: "string" },
  { call: "/user-liked/?userid=107955&count=35", list: "videos", id: "video_id", cursor: "string" },
  { call: "/music-posts/?music_id=71&count=35", list: "videos", id: "video_id", cursor: "string" },
  { call: "/challenge-posts/?challenge_id=229207&count=35", list: "videos", id: "video_id", cursor: "number" },
  { call: "/playlist-posts/?playlist_id=71&count=7", list: "videos", id: "video_id", cursor: "string" },
  { call: "/collection-posts/?collection_id=71&count=7", list: "videos", id: "video_id", cursor: "number" },
  { call: "/search-video/?keyword=cats&count=35", list: "videos", id: "video_id", cursor: "number" },
  { call: "/search-video/?keyword=cats&count=35&sort_by=1", list: "videos", id: "video_id", cursor: "number" },
  { call: "/search-challenge/?keyword=cats&count=5", list: "challenge_list", id: "id", cursor: "number" },
  {
    call: "/post-comments/?url=https://www.tiktok.com/video/7123456789012345678&count=50",
    list: "comments",
    id: "id",
    cursor: "number",
  },
  { call: "/user-playlists/?userid=107955&count=2", list: "playlist_list", id: "id", cursor: "string" },
  { call: "/user-followers/?userid=107955&count=200", list: "followers", id: "id", cursor: "number" },
  { call: "/user-following/?userid=107955&count=200", list: "followings", id: "id", cursor: "number" },
])("$call is walked to its end without meeting anything twice", async ({ call, list, id, cursor }) => {
  const token = call.includes("-follow") ? "time" : "cursor";
  const seen: unknown[] = [];
  let pages = 0;
  for (let next = "0", more = true; more; pages += 1) {
    const page = await upstream.json<Record<string, unknown>>(`${call}&${token}=${next}`);
    const items = page[list] as Record<string, unknown>[];
    seen.push(...items.map((it) => it[id]));
    expect(typeof page[token]).toBe(cursor);
    next = String(page[token]);
    more = page["hasMore"] === true && pages < 100;
  }
  expect(pages).toBeGreaterThan(1);
  expect(new Set(seen).size).toBe(seen.length);
});

it.each([
  { call: "/user-posts/?userid=107955", list: "videos", cap: 35 },
  { call: "/search-user/?keyword=cats", list: "user_list", cap: 30 },
  { call: "/post-comments/?url=https://www.tiktok.com/video/7123456789012345678", list: "comments", cap: 50 },
  { call: "/user-followers/?userid=107955", list: "followers", cap: 200 },
])("$call gives $cap at most and says nothing of it", async ({ call, list, cap }) => {
  expect((await upstream.json<Record<string, unknown[]>>(`${call}&count=9999`))[list]).toHaveLength(cap);
});

it("has posts of the region that was asked for", async () => {
  const { videos } = await upstream.json<{ videos: unknown[] }>("/challenge-posts/?challenge_id=229207&region=de");
  expect(videos[0]).toMatchObject({ region: "DE" });
});

it("searches no further back than asked, by date newest first", async () => {
  type Found = { videos: { create_time: number }[] };
  const { videos } = await upstream.json<Found>("/search-video/?keyword=cats&publish_time=7&sort_by=2&count=35");
  const times = videos.map((it) => it.create_time);
  expect(times.length).toBeGreaterThan(0);
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  expect(Math.min(...times) * 1000).toBeGreaterThan(NOW_MS - 7 * DAY_MS);
});

it("keeps a line in order at any time and any pace: a cursor by time must not skip or repeat", () => {
  const line = fc.record({
    key: fc.string(),
    everySeconds: fc.integer({ min: 1, max: 900_000 }),
    size: fc.integer({ min: 0, max: 300 }),
  });
  const now = fc.integer({ min: EARLIEST_MS / 1000, max: LATEST_MS / 1000 });
  const property = fc.property(line, now, (line, now) => {
    const all = sliceOfLine(line, now, { cursor: { skip: 0 }, count: 1_000 });
    const times = all.items.map((it) => it.atSeconds);
    expect(times).toHaveLength(line.size);
    expect(times.every((at, index) => at <= now && at < (times[index - 1] ?? Infinity))).toBe(true);
    const rest = sliceOfLine(line, now, { cursor: { beforeSeconds: times[9] ?? 0 }, count: 1_000 });
    expect(rest.items).toEqual(all.items.slice(10));
    expect([all.hasMore, rest.hasMore]).toEqual([false, false]);
  });
  fc.assert(property, { seed: 1 });
});
