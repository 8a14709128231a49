import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { upstreamPaths } from "../../dev/upstream/endpoints.ts";
import { KEY, NOW_MS, POST, startClient, type Client } from "./upstream-client.ts";

const WITH_KEY = { headers: { "x-api-key": KEY } };

let upstream: Client;
beforeAll(async () => {
  upstream = await startClient();
});
afterAll(() => upstream.close());

const PROFILE = ["user", "stats"];
const FEED = ["videos", "cursor", "hasMore"];
const COMMENTS = ["comments", "total", "cursor", "hasMore"];
const CHALLENGE =
  "id cha_name desc user_count view_count is_pgcshow is_commerce is_challenge is_strong_music type cover".split(" ");
const DETAIL = (
  "id aweme_id region title cover ai_dynamic_cover origin_cover duration play wmplay hdplay size wm_size hd_size music music_info " +
  "play_count digg_count comment_count share_count download_count collect_count create_time author"
).split(" ");

const ENDPOINTS = [
  { path: "/userid/", query: "username=tiktok", keys: ["id"] },
  { path: "/userinfo-by-username/", query: "username=tiktok", keys: PROFILE },
  { path: "/userinfo-by-id/", query: "userid=107955", keys: PROFILE },
  { path: "/user-posts/", query: "userid=107955", keys: FEED },
  { path: "/user-liked/", query: "userid=107955", keys: FEED },
  { path: "/user-stories/", query: "userid=107955", keys: FEED },
  { path: "/user-followers/", query: "userid=107955", keys: ["followers", "total", "time", "hasMore"] },
  { path: "/user-following/", query: "userid=107955", keys: ["followings", "total", "time", "hasMore"] },
  { path: "/user-playlists/", query: "userid=107955", keys: ["playlist_list", "cursor", "hasMore"] },
  { path: "/user-collections/", query: "userid=107955", keys: ["collection_list", "cursor", "hasMore"] },
  { path: "/search-user/", query: "keyword=cats", keys: ["user_list", "cursor", "hasMore"] },
  { path: "/post-detail/", query: POST, keys: DETAIL },
  { path: "/post-comments/", query: POST, keys: COMMENTS },
  {
    path: "/post-comment-replies/",
    query: "video_id=7123456789012345678&comment_id=7123456789012345679",
    keys: COMMENTS,
  },
  { path: "/search-video/", query: "keyword=cats", keys: FEED },
  { path: "/download-video/", query: POST, keys: ["video", "video_hd"] },
  { path: "/download-music/", query: POST, keys: ["music"] },
  { path: "/ads-detail/", query: POST, keys: ["id"] },
  { path: "/music-info/", query: "music_id=71", keys: ["id", "title", "play", "cover", "author", "video_count"] },
  { path: "/music-posts/", query: "music_id=71", keys: FEED },
  { path: "/challenge-info-id/", query: "id=229207", keys: CHALLENGE },
  { path: "/challenge-info-name/", query: "name=fyp", keys: CHALLENGE },
  { path: "/challenge-posts/", query: "challenge_id=229207", keys: FEED },
  { path: "/search-challenge/", query: "keyword=cats", keys: ["challenge_list", "cursor", "hasMore"] },
  { path: "/playlist-info/", query: "playlist_id=71", keys: ["id", "name", "video_count", "creator_unique_id"] },
  { path: "/playlist-posts/", query: "playlist_id=71", keys: FEED },
  {
    path: "/collection-info/",
    query: "collection_id=71",
    keys: ["id", "name", "video_count", "creator_username", "creator_user_id"],
  },
  { path: "/collection-posts/", query: "collection_id=71", keys: FEED },
  { path: "/region-list/", query: "", keys: ["US", "GB", "JP"] },
];

it("has every endpoint in the table below, so that none goes untested", () => {
  expect(ENDPOINTS.map(({ path }) => path).toSorted()).toEqual(upstreamPaths.toSorted());
});

it.each(ENDPOINTS)("$path answers with its documented top-level keys", async ({ path, query, keys }) => {
  const response = await upstream.get(`${path}?${query}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(Object.keys(await response.json())).toEqual(expect.arrayContaining(keys));
});

it.each(ENDPOINTS)(
  "$path gives the same bytes at the same time, so that tests may compare bodies",
  async ({ path, query }) => {
    const other = await startClient();
    const bodies = [
      await upstream.text(`${path}?${query}`),
      await upstream.text(`${path}?${query}`),
      await other.text(`${path}?${query}`),
    ];
    await other.close();
    expect(new Set(bodies).size).toBe(1);
  },
);

it("has another world for another seed", async () => {
  const other = await startClient({ seed: 2 });
  expect(await other.text("/music-info/?music_id=71")).not.toBe(await upstream.text("/music-info/?music_id=71"));
  await other.close();
});

it.each([
  { call: "/userinfo-by-id/?userid=107955", least: 1_200, most: 2_500 },
  { call: "/user-posts/?userid=107955&count=35", least: 60_000, most: 150_000 },
  { call: "/user-followers/?userid=107955&count=200", least: 100_000, most: 250_000 },
  { call: "/userid/?username=tiktok", least: 10, most: 20 },
])("$call is about as long as the real one: caches are sized by it", async ({ call, least, most }) => {
  const { length } = await upstream.text(call);
  expect(length).toBeGreaterThan(least);
  expect(length).toBeLessThan(most);
});

describe("on the wire", () => {
  it("writes JSON as PHP does, so that a body that somebody parsed and wrote anew is told apart", async () => {
    const body = await upstream.text("/user-posts/?userid=107955&count=35");
    expect(body).toContain("https:\\/\\/");
    expect(body).toMatch(/\\u[0-9a-f]{4}/);
    expect(body).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.stringify(JSON.parse(body))).not.toBe(body);
  });

  it("has raw letters beyond ASCII in comments, so that multi-byte text is passed on too", async () => {
    expect(await upstream.text(`/post-comments/?${POST}&count=50`)).toMatch(/[^\x20-\x7e]/);
  });

  it("compresses for those who take it and for nobody else", async () => {
    const plain = await upstream.get("/region-list/", {
      headers: { "accept-encoding": "gzip;q=0", "x-api-key": "none" },
    });
    const zipped = await upstream.get("/region-list/", {
      headers: { "accept-encoding": "br, gzip", "x-api-key": "none" },
    });
    expect([plain.headers.get("content-encoding"), zipped.headers.get("content-encoding")]).toEqual([null, "gzip"]);
    expect(await zipped.text()).toBe(await plain.text());
  });

  it.each([
    { call: "/userid?username=tiktok", method: "GET", status: 404, because: "the trailing slash belongs to the path" },
    { call: "/UserId/?username=tiktok", method: "GET", status: 404, because: "paths have a case" },
    { call: "//userid/?username=tiktok", method: "GET", status: 404, because: "paths are not tidied up" },
    { call: "/userid/?username=tiktok", method: "POST", status: 405, because: "there is GET and HEAD only" },
    { call: "/userid/?username=tiktok", method: "HEAD", status: 200, because: "HEAD is GET without a body" },
    {
      call: "/userid/?username=%zz%",
      method: "GET",
      status: 400,
      because: "broken escapes make no handle, and no crash",
    },
    { call: "/userid/?username=%00%ff", method: "GET", status: 400, because: "nor do bytes that are no text" },
    { call: "/userid/", method: "GET", status: 400, because: "a required parameter is missing" },
    { call: "/user-posts/?userid=MS4wLjABAAAA", method: "GET", status: 400, because: "a secUid is no id" },
    { call: "/user-posts/?userid=107955&count=0", method: "GET", status: 400, because: "nobody asks for nothing" },
    { call: "/search-video/?keyword=a&sort_by=3", method: "GET", status: 400, because: "there is no such order" },
    {
      call: "/post-detail/?url=https://tiktok.com.evil.example/video/71",
      method: "GET",
      status: 400,
      because: "not TikTok",
    },
    { call: "/post-detail/?url=https://eviltiktok.com/video/71", method: "GET", status: 400, because: "nor is this" },
    { call: "/userid/?username=tiktok&utm=1", method: "GET", status: 200, because: "unknown parameters mean nothing" },
  ])("$method $call is $status: $because", async ({ call, method, status }) => {
    const response = await upstream.get(call, { ...WITH_KEY, method });
    expect(response.status).toBe(status);
  });

  it("says which parameter it cannot read", async () => {
    const message = "Invalid parameter userid";
    expect(await upstream.json("/user-posts/?userid=me")).toEqual({ status: "error", message });
  });

  it("answers HEAD with the headers of GET, its length among them, and no body", async () => {
    const [get, head] = [
      await upstream.get("/region-list/"),
      await upstream.get("/region-list/", { ...WITH_KEY, method: "HEAD" }),
    ];
    expect(head.headers.get("content-length")).toBe(get.headers.get("content-length"));
    expect(await head.text()).toBe("");
  });

  it("sends its defaults' answers to clients that send the defaults", async () => {
    const bare = await upstream.text("/search-video/?keyword=cats");
    expect(await upstream.text("/search-video/?keyword=cats&cursor=0&count=10&region=&publish_time=0&sort_by=0")).toBe(
      bare,
    );
  });
});

it("keeps a start outside of its years from happening: ids of 19 digits need them", async () => {
  await expect(startClient({ nowMs: NOW_MS / 1000 })).rejects.toThrow("between 2020 and 2040");
});
