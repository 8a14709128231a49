import { describe, expect, it } from "vitest";
import { findEndpoint } from "../../src/core/catalogue.ts";
import { endpoints } from "../../src/core/endpoints.ts";

describe("the catalogue", () => {
  it("has each of the 29 endpoints once", () => {
    expect(new Set(endpoints.map(({ path }) => path)).size).toBe(29);
    expect(endpoints).toHaveLength(29);
  });

  it.each(endpoints)("$path is flat, in lower case, and ends in a slash, as the upstream wants it", ({ path }) => {
    expect(path).toMatch(/^\/[a-z]+(-[a-z]+)*\/$/);
    expect(findEndpoint(path)?.path).toBe(path);
  });

  it.each(endpoints)("$path names each parameter once and costs a whole credit", ({ parameters, credits }) => {
    expect(new Set(parameters.map(({ name }) => name)).size).toBe(parameters.length);
    expect(credits).toBe(1);
  });

  it.each([
    { path: "/userid/", windows: "userid" },
    { path: "/userinfo-by-username/", windows: "userinfo" },
    { path: "/userinfo-by-id/", windows: "userinfo" },
    { path: "/user-posts/", windows: "feed", itemsKey: "videos", media: true },
    { path: "/user-followers/", windows: "feed", itemsKey: "followers" },
    { path: "/user-following/", windows: "feed", itemsKey: "followings" },
    { path: "/user-liked/", windows: "feed", itemsKey: "videos", media: true },
    { path: "/user-stories/", windows: "user-stories", itemsKey: "videos", media: true },
    { path: "/user-collections/", windows: "slow-feed", itemsKey: "collection_list" },
    { path: "/user-playlists/", windows: "slow-feed", itemsKey: "playlist_list" },
    { path: "/search-user/", windows: "slow-feed", itemsKey: "user_list" },
    { path: "/search-challenge/", windows: "slow-feed", itemsKey: "challenge_list" },
    { path: "/search-video/", windows: "search-video", itemsKey: "videos", media: true },
    { path: "/music-posts/", windows: "slow-feed", itemsKey: "videos", media: true },
    { path: "/challenge-posts/", windows: "feed", itemsKey: "videos", media: true },
    { path: "/playlist-posts/", windows: "slow-feed", itemsKey: "videos", media: true },
    { path: "/collection-posts/", windows: "slow-feed", itemsKey: "videos", media: true },
    { path: "/post-detail/", windows: "post-detail", media: true },
    { path: "/post-comments/", windows: "post-comments", itemsKey: "comments" },
    { path: "/post-comment-replies/", windows: "post-comment-replies", itemsKey: "comments" },
    { path: "/music-info/", windows: "music-info", media: true },
    { path: "/challenge-info-id/", windows: "challenge-info" },
    { path: "/challenge-info-name/", windows: "challenge-info" },
    { path: "/playlist-info/", windows: "playlist-info" },
    { path: "/collection-info/", windows: "collection-info" },
    { path: "/download-video/", windows: "download", media: true },
    { path: "/download-music/", windows: "download", media: true },
    { path: "/region-list/", windows: "region-list" },
    { path: "/ads-detail/", windows: "ads-detail", media: true },
  ])("$path is kept as $windows", ({ path, windows, itemsKey, media }) => {
    const endpoint = findEndpoint(path);
    expect(endpoint?.windows).toBe(windows);
    expect(endpoint?.itemsKey).toBe(itemsKey);
    expect(endpoint?.carriesMediaUrls).toBe(media ?? false);
  });

  it.each(endpoints.filter(({ answerKeys }) => answerKeys.length > 0))(
    "$path is told by no key that errors have too",
    ({ answerKeys }) => {
      for (const key of ["message", "msg", "error", "errors", "status", "code", "name", "title", "type", "detail"])
        expect(answerKeys).not.toContain(key);
    },
  );

  it("knows of five endpoints only that they answer, and takes a list's key for its mark in the others", () => {
    const unknown = endpoints.filter(({ answerKeys }) => answerKeys.length === 0).map(({ path }) => path);
    expect(unknown.toSorted()).toEqual([
      "/ads-detail/",
      "/download-music/",
      "/region-list/",
      "/user-collections/",
      "/user-playlists/",
    ]);
    const lists = endpoints.filter(({ itemsKey, path }) => itemsKey !== undefined && !unknown.includes(path));
    for (const { itemsKey, answerKeys } of lists) expect(answerKeys).toEqual([itemsKey]);
  });

  it.each([
    { path: "/userid", because: "the upstream wants the trailing slash" },
    { path: "/UserId/", because: "paths have one case" },
    { path: "//userid/", because: "a doubled slash is another path" },
    { path: "/userid/x", because: "nothing lies below an endpoint" },
    { path: "/__proto__/", because: "it is no endpoint" },
    { path: "__proto__", because: "a prototype's property is no endpoint" },
    { path: "constructor", because: "a prototype's property is no endpoint" },
    { path: "", because: "there is no path" },
  ])("has nothing at $path: $because", ({ path }) => expect(findEndpoint(path)).toBeUndefined());
});
