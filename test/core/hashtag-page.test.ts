import { describe, expect, it } from "vitest";
import { mostPlayed, newest, readInfo, readPosts, readRelated } from "../../src/core/hashtag-page.ts";

const post = {
  video_id: "7300000000000000001",
  title: "Look at this",
  cover: "https://p16.media.example/a.jpeg",
  create_time: 1_700_000_000,
  author: { unique_id: "tiktok", nickname: "TikTok" },
  play_count: 3_000_000_000,
  digg_count: 5,
  comment_count: 0,
  share_count: "7",
};
const posts = (...videos: readonly unknown[]) => readPosts(JSON.stringify({ videos }));

describe("what is known of a hashtag", () => {
  it("is read of the upstream's record, with counts beyond 32 bits and ids as text", () => {
    const body = {
      id: "7172649043706378633",
      desc: "Show us",
      user_count: 1,
      view_count: 2_000_000_000_000,
      cover: "",
    };
    expect(readInfo(JSON.stringify(body))).toEqual({
      id: "7172649043706378633",
      description: "Show us",
      users: 1,
      views: 2_000_000_000_000,
      cover: "",
    });
  });

  it.each([
    { body: {}, because: "nothing is said" },
    { body: { id: null, desc: null, user_count: null, view_count: null, cover: null }, because: "nothing is null" },
    { body: { id: "0", desc: 7, user_count: -1, view_count: 1.5, cover: {} }, because: "nothing is what it should be" },
    { body: { id: Number("7172649043706378633"), user_count: "many" }, because: "a number has lost its last digits" },
  ])("is nothing, and no error, where $because", ({ body }) =>
    expect(readInfo(JSON.stringify(body))).toEqual({ id: null, description: "", users: null, views: null, cover: "" }),
  );

  it.each(["", "[]x", "null", "7", '"text"'])("is not to be had of %s", (body) =>
    expect(readInfo(body)).toBeUndefined(),
  );
});

describe("the posts of a hashtag", () => {
  it("are read with what they count and when they were made", () => {
    expect(posts(post)).toEqual([
      {
        id: "7300000000000000001",
        isPhoto: false,
        caption: "Look at this",
        handle: "tiktok",
        nickname: "TikTok",
        madeAtMs: 1_700_000_000_000,
        plays: 3_000_000_000,
        likes: 5,
        comments: 0,
        shares: 7,
        cover: "https://p16.media.example/a.jpeg",
      },
    ]);
    expect(posts({ ...post, images: ["https://p16.media.example/1.jpeg"] })).toMatchObject([{ isPhoto: true }]);
  });

  it.each([
    { item: null, because: "it is none" },
    { item: { ...post, video_id: "12/../34" }, because: "its id would be an address of something else" },
    {
      item: { ...post, video_id: Number("7300000000000000001") },
      because: "its id is a number, and another one's by now",
    },
    { item: { ...post, video_id: "0" }, because: "it has no id" },
  ])("leave out what is no post: $because", ({ item }) =>
    expect(posts(item, post).map(({ id }) => id)).toEqual([post.video_id]),
  );

  it.each([
    { author: null, because: "nobody is named" },
    { author: { unique_id: "a/b?c#d", nickname: null }, because: "the handle is none" },
    { author: { unique_id: 'x" onload="alert(1)', nickname: 7 }, because: "the handle is none" },
  ])("name nobody where $because", ({ author }) =>
    expect(posts({ ...post, author })).toMatchObject([{ handle: "", nickname: "" }]),
  );

  it.each([0, -1, 1e15, "soon", null])("have no time where it is said to be %s", (create_time) =>
    expect(posts({ ...post, create_time })).toMatchObject([{ madeAtMs: null }]),
  );

  it("come once each, for pages of the upstream's overlap", () => expect(posts(post, post)).toHaveLength(1));

  it.each(["", "{}", '{"videos":null}', '{"videos":{}}'])("are none in %s", (body) =>
    expect(readPosts(body)).toEqual([]),
  );

  it("are ordered by their time, or by how often they were played, what is not known last", () => {
    const some = posts(
      { ...post, video_id: "1", create_time: 10, play_count: 1 },
      { ...post, video_id: "2", create_time: null, play_count: 9 },
      { ...post, video_id: "3", create_time: 20, play_count: null },
    );
    expect(newest(some, 3).map(({ id }) => id)).toEqual(["3", "1", "2"]);
    expect(mostPlayed(some, 2).map(({ id }) => id)).toEqual(["2", "1"]);
  });
});

describe("related hashtags", () => {
  it("are those that can have a page, each once and never the hashtag itself", () => {
    const names = ["cats", "Dogs", "dogs", "a b", "<b>", "", "猫"];
    const list = names.map((cha_name) => ({ cha_name, view_count: 3, user_count: 1 }));
    const body = JSON.stringify({ challenge_list: [...list, null, { cha_name: 7 }] });
    expect(readRelated(body, "cats").map(({ name }) => name)).toEqual(["dogs", "猫"]);
  });
});
