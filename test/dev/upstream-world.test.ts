import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isHotPost } from "../../dev/upstream/markers.ts";
import { createNames } from "../../dev/upstream/world/names.ts";
import { numberOf } from "../../dev/upstream/world/short-names.ts";
import { NOW_MS, startClient, type Client } from "./upstream-client.ts";

let upstream: Client;
beforeAll(async () => {
  upstream = await startClient();
});
afterAll(() => upstream.close());

type Profile = { user: { id: string; uniqueId: string }; stats: Record<string, number> };
type Post = {
  id: string;
  video_id: string;
  title: string | null;
  play: string;
  images?: string[];
  author: { id: string };
};
type Comments = { comments: { id: string; create_time: number; reply_total: number }[]; total: number };

const HOUR_MS = 3_600_000;

describe("names and ids", () => {
  const names = createNames("user", { tiktok: "107955" });

  it("leads from every handle to an id and back, in any case of its letters", () => {
    const handles = fc.sample(fc.stringMatching(/^[A-Za-z0-9._]{1,24}$/), { seed: 1, numRuns: 500 });
    expect(handles.map((it) => names.nameOf(names.idOf(it)))).toEqual(handles.map((it) => it.toLowerCase()));
  });

  it("leads from every id to a handle and back, also from ids that nobody has seen", () => {
    const ids = fc.sample(fc.stringMatching(/^[1-9][0-9]{0,18}$/), { seed: 1, numRuns: 500 });
    expect(ids.map((it) => names.idOf(names.nameOf(it)))).toEqual(ids);
  });

  it.each(["tiktok", "missing.x", "empty.x"])(
    "does not call the user %s whose id would be computed from it: that name leads elsewhere",
    (name) => {
      const id = `7${String(numberOf(name)).padStart(18, "0")}`;
      expect(names.nameOf(id)).toBe(`user${id}`);
      expect(names.idOf(`user${id}`)).toBe(id);
    },
  );

  it("gives ids of at most 19 digits that are strings: as numbers they would lose their last digits", async () => {
    const { id } = await upstream.json<{ id: string }>("/userid/?username=a.rather.long.handle_99");
    expect(id).toMatch(/^\d{19}$/);
  });

  it("knows tiktok as 107955", async () => {
    expect(await upstream.text("/userid/?username=TikTok")).toBe('{"id":"107955"}');
  });

  it.each(["tiktok", "alice", "A.Rather.Long.Handle_99"])(
    "answers for %s by name and by id with the same bytes",
    async (name) => {
      const byName = await upstream.text(`/userinfo-by-username/?username=${name}`);
      const { user } = JSON.parse(byName) as Profile;
      expect(user.uniqueId).toBe(name.toLowerCase());
      expect(await upstream.text(`/userinfo-by-id/?userid=${user.id}`)).toBe(byName);
      expect(await upstream.json(`/userid/?username=${name}`)).toEqual({ id: user.id });
    },
  );

  it.each(["fyp", "läufer", "a-very-long-hashtag-indeed"])(
    "answers for #%s by name and by id with the same bytes",
    async (name) => {
      const byName = await upstream.text(`/challenge-info-name/?name=${encodeURIComponent(name)}`);
      const { id, cha_name } = JSON.parse(byName) as { id: string; cha_name: string };
      expect(cha_name).toBe(name);
      expect(await upstream.text(`/challenge-info-id/?id=${id}`)).toBe(byName);
    },
  );
});

describe("time", () => {
  it("lets every counter of a profile grow, and none of them shrink", async () => {
    const moving = await startClient();
    const before = await moving.json<Profile>("/userinfo-by-id/?userid=107955");
    await moving.post("/__clock", { advanceMs: HOUR_MS });
    const after = await moving.json<Profile>("/userinfo-by-id/?userid=107955");
    await moving.close();
    expect(after.stats["followerCount"]).toBeGreaterThan(before.stats["followerCount"] ?? Infinity);
    for (const [name, count] of Object.entries(before.stats)) expect(after.stats[name]).toBeGreaterThanOrEqual(count);
  });

  it("has counters that 32 bits do not hold", async () => {
    expect((await upstream.json<Profile>("/userinfo-by-id/?userid=107955")).stats["heartCount"]).toBeGreaterThan(
      2 ** 31,
    );
  });

  it("lets a new post into the feed as days go by, in front", async () => {
    const moving = await startClient();
    const before = await moving.json<{ videos: Post[] }>("/user-posts/?userid=107955&count=35");
    await moving.post("/__clock", { advanceMs: 5 * 24 * HOUR_MS });
    const after = await moving.json<{ videos: Post[] }>("/user-posts/?userid=107955&count=35");
    await moving.close();
    expect(before.videos.map((it) => it.video_id)).not.toContain(after.videos[0]?.video_id);
    expect(after.videos.map((it) => it.video_id)).toContain(before.videos[0]?.video_id);
  });

  it.each([
    { id: "7123456789012345678", hot: true },
    { id: "7123456789012345679", hot: false },
  ])("has comments under post $id of which the newest is hot: $hot", async ({ id, hot }) => {
    const { comments } = await upstream.json<Comments>(`/post-comments/?url=https://www.tiktok.com/video/${id}`);
    const newestMs = Math.max(...comments.map((it) => it.create_time)) * 1000;
    expect(isHotPost(id)).toBe(hot);
    expect(newestMs <= NOW_MS).toBe(true);
    expect(newestMs > NOW_MS - 24 * HOUR_MS).toBe(hot);
  });

  it("signs media for two to six hours, some in the path and most in a parameter", async () => {
    const body = (await upstream.text("/user-posts/?userid=107955&count=35")).replaceAll("\\/", "/");
    const inParameter = [...body.matchAll(/x-expires=(\d+)/g)].map(([, seconds]) => Number(seconds));
    const inPath = [...body.matchAll(/\/([0-9a-f]{8})\/video\//g)].map(([, hex]) => Number.parseInt(hex ?? "", 16));
    expect(inPath.length).toBeGreaterThan(10);
    expect(inParameter.length).toBeGreaterThan(inPath.length);
    for (const expiry of [...inPath, ...inParameter]) {
      expect(expiry * 1000).toBeGreaterThan(NOW_MS + 2 * HOUR_MS);
      expect(expiry * 1000).toBeLessThan(NOW_MS + 6 * HOUR_MS);
    }
  });
});

describe("posts", () => {
  it("tells of a post in a list what it tells of it alone, under another name for its id", async () => {
    const { videos } = await upstream.json<{ videos: Post[] }>("/music-posts/?music_id=7123");
    for (const { video_id, content_desc: _desc, is_top: _top, ...listed } of videos as (Post &
      Record<string, unknown>)[]) {
      const detail = await upstream.json<Post>(`/post-detail/?url=https://www.tiktok.com/@x/video/${video_id}`);
      expect(detail).toMatchObject({ ...listed, id: video_id });
      expect(detail).toMatchObject({ music_info: { id: "7123" } });
    }
  });

  it("has titles that are null, photo posts without a clip, and ids that are no key", async () => {
    const pages = ["cats", "dogs", "birds"].map((it) =>
      upstream.json<{ videos: Post[] }>(`/search-video/?count=35&keyword=${it}`),
    );
    const posts = (await Promise.all(pages)).flatMap((it) => it.videos);
    expect(posts.some((it) => it.title === null)).toBe(true);
    const photos = posts.filter((it) => it.images !== undefined);
    expect(photos.length).toBeGreaterThan(0);
    for (const photo of photos) expect(photo).toMatchObject({ play: "", wmplay: "", duration: 0, aweme_id: "" });
  });

  it.each([
    "https://www.tiktok.com/@any.body/photo/7123456789012345678?lang=de#x",
    "https://m.tiktok.com/video/7123456789012345678/",
  ])("finds the post of %s by its digits", async (url) => {
    expect(await upstream.json(`/post-detail/?url=${encodeURIComponent(url)}`)).toMatchObject({
      id: "7123456789012345678",
    });
  });

  it("finds the same post behind a short link every time", async () => {
    const [first, second] = await Promise.all([
      upstream.json<Post>("/post-detail/?url=https://vm.tiktok.com/ZMabc123/"),
      upstream.json<Post>("/post-detail/?url=https://www.tiktok.com/t/ZMabc123/"),
    ]);
    expect(first.id).toMatch(/^\d{19}$/);
    expect(second).toEqual(first);
  });

  it("has as many replies as the comment says", async () => {
    const video = "7123456789012345678";
    const { comments } = await upstream.json<Comments>(`/post-comments/?url=https://www.tiktok.com/video/${video}`);
    for (const { id, reply_total } of comments) {
      const replies = await upstream.json<Comments>(
        `/post-comment-replies/?video_id=${video}&comment_id=${id}&count=50`,
      );
      expect([replies.total, replies.comments.length]).toEqual([reply_total, reply_total]);
    }
  });
});
