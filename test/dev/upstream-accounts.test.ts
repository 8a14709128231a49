import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RateLimit } from "../../dev/upstream/rate-limit.ts";
import { KEY, POST, startClient, type Client } from "./upstream-client.ts";

let upstream: Client;
beforeEach(async () => {
  upstream = await startClient();
});
afterEach(() => upstream.close());

const USERID = "/userid/?username=tiktok";

describe("refusals", () => {
  const styles = [
    { style: "observed", account: 200, entity: 200 },
    { style: "documented", account: 401, entity: 404 },
  ] as const;

  describe.each(styles)("as $style", ({ style, account, entity }) => {
    beforeEach(() => upstream.post("/__mode", { errorStyle: style }));

    it.each([
      { state: "none", message: "Please sign up to tikliveapi.com" },
      { state: "unknown", message: "Api-Key is not available" },
      { state: "exhausted", message: "Your balance is not enough, please top up your balance" },
      { state: "suspended", message: "Your account is suspended" },
    ])("tells a key that is $state by a message alone, and charges nothing", async ({ state, message }) => {
      if (state === "exhausted" || state === "suspended") await upstream.post("/__keys", { key: state, state });
      const key = state === "none" ? "" : state;
      const response = await upstream.withKey(key, USERID);
      expect(response.status).toBe(account);
      expect(await response.json()).toEqual({ message });
      expect(await upstream.tally(key)).toEqual({ calls: 1, charged: 0 });
    });

    it.each([
      { call: "/userid/?username=Missing.One", noun: "user" },
      { call: "/userinfo-by-id/?userid=4041", noun: "user" },
      { call: "/user-posts/?userid=4041", noun: "user" },
      { call: "/post-detail/?url=https://www.tiktok.com/@x/video/4041", noun: "post" },
      { call: "/post-detail/?url=https://vm.tiktok.com/missing1/", noun: "post" },
      { call: "/post-comment-replies/?video_id=71&comment_id=4041", noun: "comment" },
      { call: "/challenge-info-name/?name=missingtag", noun: "challenge" },
      { call: "/music-info/?music_id=4041", noun: "music" },
      { call: "/playlist-info/?playlist_id=4041", noun: "playlist" },
    ])("does not find $call, for its marker says so", async ({ call, noun }) => {
      const response = await upstream.get(call);
      expect(response.status).toBe(entity);
      expect(await response.json()).toEqual({ status: "error", message: `Not found ${noun}` });
    });
  });

  it.each([
    { call: "/user-posts/?userid=2041", list: "videos" },
    { call: "/user-followers/?userid=2041", list: "followers" },
    { call: `/post-comments/?url=https://www.tiktok.com/video/2041`, list: "comments" },
    { call: "/search-video/?keyword=empty%20day", list: "videos" },
    { call: "/search-user/?keyword=missing", list: "user_list" },
  ])("answers $call with an empty list, which is no error", async ({ call, list }) => {
    expect(await upstream.json(call)).toMatchObject({ [list]: [], hasMore: false });
  });

  it("leads from an empty handle to an id with empty lists", async () => {
    const { id } = await upstream.json<{ id: string }>("/userid/?username=empty.room");
    expect(await upstream.json(`/user-posts/?userid=${id}`)).toMatchObject({ videos: [] });
  });
});

describe("credits", () => {
  it("takes one for every success and then says that there are none", async () => {
    await upstream.post("/__keys", { key: "small", credits: 2 });
    const bodies = [
      await upstream.withKey("small", USERID),
      await upstream.withKey("small", USERID),
      await upstream.withKey("small", USERID),
    ];
    expect(await Promise.all(bodies.map((it) => it.json()))).toEqual([
      { id: "107955" },
      { id: "107955" },
      { message: expect.stringContaining("balance") },
    ]);
    expect(await upstream.tally("small")).toEqual({ calls: 3, charged: 2 });
  });

  it("gives away not one too many to calls that come at once", async () => {
    await upstream.post("/__keys", { key: "small", credits: 10 });
    const bodies = await Promise.all(
      Array.from({ length: 40 }, async () => (await upstream.withKey("small", USERID)).text()),
    );
    expect(bodies.filter((it) => it.includes("107955"))).toHaveLength(10);
  });

  it.each([
    { chargeNotFound: true, charged: 1 },
    { chargeNotFound: false, charged: 0 },
  ])("charges $charged for a not-found when chargeNotFound is $chargeNotFound", async ({ chargeNotFound, charged }) => {
    await upstream.post("/__mode", { chargeNotFound });
    await upstream.get("/userid/?username=missing");
    expect(await upstream.tally()).toEqual({ calls: 1, charged });
  });

  it("charges nothing for what it could not make sense of", async () => {
    await upstream.get("/userid/");
    await upstream.get("/nowhere/");
    expect(await upstream.tally()).toEqual({ calls: 2, charged: 0 });
  });

  it("gives a key without the download tier the keys of the links and nothing in them", async () => {
    await upstream.post("/__keys", { key: KEY, downloadTier: false });
    expect(await upstream.json(`/post-detail/?${POST}`)).toMatchObject({
      play: "",
      wmplay: "",
      hdplay: "",
      hd_size: 0,
    });
    expect(await upstream.json(`/download-video/?${POST}`)).toEqual({ video: "", video_hd: "" });
    await upstream.post("/__keys", { key: KEY, downloadTier: true });
    expect(await upstream.json(`/download-video/?${POST}`)).toEqual({
      video: expect.stringMatching(/^https/),
      video_hd: expect.stringMatching(/^https/),
    });
  });
});

describe("the rate limit", () => {
  it("answers 429 after 200 calls of a key in a minute, and leaves other keys alone", async () => {
    await upstream.post("/__mode", { rateLimit: true });
    await upstream.post("/__keys", { key: "other" });
    const statuses = await Promise.all(Array.from({ length: 205 }, async () => (await upstream.get(USERID)).status));
    expect(statuses.filter((it) => it === 429)).toHaveLength(5);
    const refused = await upstream.get(USERID);
    expect(await refused.json()).toEqual({ message: "Too many requests" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
    expect((await upstream.withKey("other", USERID)).status).toBe(200);
    expect(await upstream.tally()).toEqual({ calls: 206, charged: 200 });
  });

  it("counts any 60 seconds, and not what it refused", () => {
    const limit = new RateLimit();
    for (let call = 0; call < 200; call += 1) expect(limit.take("key", call * 100)).toBeUndefined();
    expect(limit.take("key", 30_000)).toBe(30);
    expect(limit.take("key", 59_999)).toBe(1);
    expect(limit.take("key", 60_000)).toBeUndefined();
    expect(limit.take("key", 60_050)).toBe(1);
  });
});
