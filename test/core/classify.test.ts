import { describe, expect, it } from "vitest";
import { classify } from "../../src/core/classify.ts";
import type { UpstreamReply } from "../../src/core/ports.ts";
import { endpoints } from "../../src/core/endpoints.ts";
import { endpointAt } from "./calls.ts";

const complete = (status: number, body: string | Uint8Array): UpstreamReply => ({
  kind: "complete",
  status,
  contentType: "application/json",
  retryAfter: null,
  credits: null,
  answeredAtMs: 0,
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
});

const outcomeOf = (path: string, status: number, body: unknown) =>
  classify(endpointAt(path), complete(status, JSON.stringify(body))).outcome;

describe("status 200", () => {
  const noBalance = { message: "Your balance is not enough" };
  const notFound = { status: "error", message: "Not found post" };

  it.each([
    { path: "/userid/", body: { id: "107955" }, is: "success", because: "it answers" },
    { path: "/userid/", body: { message: "Please sign up to tikliveapi.com" }, is: "account_error", because: "no key" },
    { path: "/userid/", body: { message: "Api-Key is not available" }, is: "account_error", because: "a bad key" },
    { path: "/userid/", body: noBalance, is: "account_error", because: "the wording of it is unknown" },
    { path: "/post-detail/", body: notFound, is: "not_found", because: "the entity envelope says so" },
    { path: "/userid/", body: { status: "error", message: "" }, is: "not_found", because: "wordings differ" },
    {
      path: "/userid/",
      body: { id: "1", message: "Not found" },
      is: "success",
      because: "a message beside others is data",
    },
    { path: "/userid/", body: { id: "1", status: "error" }, is: "hollow", because: "it calls itself an error" },
    { path: "/userid/", body: { status: "error", message: null }, is: "hollow", because: "it names nothing missing" },
    { path: "/userid/", body: { status: "error", msg: "x" }, is: "hollow", because: "it is not the known envelope" },
    {
      path: "/userid/",
      body: { status: "error", message: "Not found user", data: null },
      is: "not_found",
      because: "nothing stands beside the envelope",
    },
    {
      path: "/userid/",
      body: { ...noBalance, status: "error", credits: 0 },
      is: "unclear_error",
      because: "with figures it may be about the account, which a tenant must not read of a key that it shares",
    },
    { path: "/userid/", body: { id: "1", user: notFound }, is: "success", because: "only the top level counts" },
    {
      path: "/post-comments/",
      body: { comments: [{ id: "1", status: 1, text: "error" }] },
      is: "success",
      because: "comments have a status",
    },
    { path: "/post-comments/", body: { comments: [noBalance] }, is: "success", because: "only the top level counts" },
    { path: "/user-posts/", body: { videos: [], cursor: "0", hasMore: false }, is: "empty", because: "a feed may end" },
    {
      path: "/user-posts/",
      body: { videos: null, cursor: "0" },
      is: "empty",
      because: "the upstream writes null at times",
    },
    { path: "/user-posts/", body: { videos: [{}], hasMore: false }, is: "success", because: "there is an item" },
    { path: "/user-following/", body: { followings: [], total: 0 }, is: "empty", because: "the key ends in s" },
    {
      path: "/user-following/",
      body: { following: [{}], total: 1 },
      is: "hollow",
      because: "another key is not the list",
    },
    { path: "/download-video/", body: { video: "", video_hd: "" }, is: "hollow", because: "there is no link" },
    {
      path: "/download-video/",
      body: { video: "", video_hd: null, size: 5 },
      is: "hollow",
      because: "a size is no link",
    },
    {
      path: "/download-video/",
      body: { video: "https://x/", video_hd: "" },
      is: "success",
      because: "one link is enough",
    },
    { path: "/download-music/", body: { anything: "https://x/" }, is: "success", because: "the key's name is unknown" },
    { path: "/post-detail/", body: { id: "", play: "", title: "a" }, is: "hollow", because: "no id and no play count" },
    { path: "/post-detail/", body: { id: null, play_count: null }, is: "hollow", because: "null is nothing" },
    {
      path: "/post-detail/",
      body: { id: "1", play: "" },
      is: "success",
      because: "a tier without links still answers",
    },
    { path: "/post-detail/", body: { play_count: 0 }, is: "success", because: "zero plays is a count" },
    { path: "/post-detail/", body: { data: { id: "1" } }, is: "hollow", because: "only the top level counts" },
    { path: "/userinfo-by-id/", body: { user: null, stats: { heart: 1 } }, is: "success", because: "one may be null" },
    { path: "/playlist-info/", body: { name: null, video_count: 0 }, is: "success", because: "zero is a value" },
    { path: "/userid/", body: {}, is: "hollow", because: "there is nothing in it" },
    { path: "/userid/", body: [], is: "hollow", because: "PHP writes an empty object like this" },
    { path: "/userid/", body: { id: null }, is: "hollow", because: "kept a day, it would hide the user" },
    { path: "/userinfo-by-id/", body: { user: {}, stats: [] }, is: "hollow", because: "both are empty" },
    { path: "/region-list/", body: [{ US: "United States" }], is: "success", because: "an array may answer" },
    { path: "/userid/", body: "Not found", is: "malformed", because: "a string is no object" },
    { path: "/userid/", body: null, is: "malformed", because: "null is no object" },
    { path: "/userid/", body: 107_955, is: "malformed", because: "a number is no object" },
  ])("$body from $path is $is: $because", ({ path, body, is }) => expect(outcomeOf(path, 200, body)).toBe(is));

  it.each([
    { body: "<html>502 Bad Gateway</html>", because: "it is a page" },
    { body: '{"id":"1079', because: "it ends early" },
    { body: "", because: "it is empty" },
    { body: '\uFEFF{"id":"1"}', because: "JSON has no byte order mark" },
  ])("with $body is malformed: $because", ({ body }) => {
    const classified = classify(endpointAt("/userid/"), complete(200, body));
    expect(classified).toEqual({ outcome: "malformed", text: body, json: undefined });
  });

  it("with bytes that are no UTF-8 is malformed and has no text, because text must map back to the same bytes", () => {
    const body = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d);
    expect(classify(endpointAt("/userid/"), complete(200, body))).toEqual({
      outcome: "malformed",
      text: null,
      json: undefined,
    });
  });
});

describe("status 200 with an error that nobody has seen yet", () => {
  const balance = "Your balance is not enough";

  it.each([
    { path: "/userid/", body: { error: "Unauthorized" }, is: "hollow", because: "it has no id" },
    { path: "/user-posts/", body: { code: -1, msg: "server busy" }, is: "hollow", because: "it has no list" },
    { path: "/user-posts/", body: { cursor: "0", hasMore: false }, is: "hollow", because: "a cursor is no list" },
    { path: "/music-info/", body: { name: "Error", title: "Busy" }, is: "hollow", because: "errors have titles" },
    { path: "/download-video/", body: { error: "busy" }, is: "hollow", because: "a word is no link" },
    { path: "/userid/", body: { message: balance, status: 401 }, is: "account_error", because: "there is no id" },
    { path: "/user-posts/", body: { message: balance, credits: 0 }, is: "account_error", because: "there is no list" },
    { path: "/userid/", body: { message: balance, help: "x" }, is: "account_error", because: "its company is unknown" },
    { path: "/user-posts/", body: { message: "", code: 1 }, is: "account_error", because: "wordings differ" },
    { path: "/userid/", body: { message: { text: "x" } }, is: "hollow", because: "a message is a text" },
    {
      path: "/user-posts/",
      body: { message: "This account is private", videos: [] },
      is: "hollow",
      because: "the list is there, so it is no account's, and nobody knows whether it is empty",
    },
    { path: "/user-posts/", body: { msg: "busy", videos: null }, is: "hollow", because: "it excuses itself" },
    { path: "/user-posts/", body: { msg: "", error: 0, videos: [] }, is: "empty", because: "nothing is said" },
    { path: "/user-posts/", body: { msg: "success", videos: [{}] }, is: "success", because: "there are items" },
  ])("$body from $path is $is: $because", ({ path, body, is }) => expect(outcomeOf(path, 200, body)).toBe(is));

  it.each(["/user-collections/", "/user-playlists/", "/download-music/", "/ads-detail/", "/region-list/"])(
    "%s, whose answer nobody knows, takes any that does not complain",
    (path) => {
      expect(outcomeOf(path, 200, { whatever: "x" })).toBe("success");
      expect(outcomeOf(path, 200, { whatever: "x", error: null, msg: "", code: 0 })).toBe("success");
      expect(outcomeOf(path, 200, { message: balance })).toBe("account_error");
      expect(outcomeOf(path, 200, { message: balance, credits: 0, status: 402 })).toBe("account_error");
      expect(outcomeOf(path, 200, { message: balance, whatever: "x" })).toBe("hollow");
      expect(outcomeOf(path, 200, { message: balance, credits: "none" })).toBe("hollow");
      expect(outcomeOf(path, 200, { code: -1, msg: "busy" })).toBe("hollow");
      expect(outcomeOf(path, 200, { error: { code: 1 } })).toBe("hollow");
      expect(outcomeOf(path, 200, { error: true, whatever: "x" })).toBe("hollow");
      expect(outcomeOf(path, 200, { code: -1, data: null })).toBe("hollow");
    },
  );

  it.each(endpoints)("$path keeps no complaint as an answer", ({ path }) => {
    const complaints = [
      { message: balance },
      { message: balance, status: 401 },
      { message: null, status: "error" },
      { error: "Unauthorized" },
      { code: -1, msg: "server busy" },
      { name: "Unauthorized", message: "x", code: 0, status: 401, type: "error" },
      { type: "about:blank", title: "Unauthorized", status: 401, detail: "x", msg: "x" },
    ];
    const outcomes = complaints.map((body) => outcomeOf(path, 200, body));
    for (const outcome of outcomes) expect(["account_error", "hollow"]).toContain(outcome);
  });
});

describe("another status", () => {
  const account = { message: "Api-Key is not available" };
  const entity = { status: "error", message: "Not found" };

  it.each([
    { status: 401, body: account, is: "account_error", because: "this is the documented form of a bad key" },
    { status: 402, body: account, is: "account_error", because: "payment is the account's" },
    { status: 403, body: entity, is: "account_error", because: "the status decides" },
    { status: 404, body: entity, is: "not_found", because: "this is the documented form" },
    { status: 404, body: account, is: "client_error", because: "a bare message is of whoever does not know the path" },
    {
      status: 404,
      body: { error: "Not Found", path: "/userid/" },
      is: "client_error",
      because: "a framework that does not know the path says so",
    },
    {
      status: 404,
      body: { ...entity, code: 404 },
      is: "unclear_error",
      because: "it is nearly the known envelope, and not to be kept",
    },
    { status: 600, body: entity, is: "malformed", because: "no response may have that status" },
    { status: 404, body: "gone", is: "client_error", because: "the upstream speaks in objects" },
    { status: 400, body: account, is: "account_error", because: "a bare message is about the account" },
    { status: 400, body: entity, is: "client_error", because: "the request was bad, the entity may exist" },
    { status: 429, body: account, is: "rate_limited", because: "the status decides" },
    { status: 500, body: entity, is: "server_error", because: "a failing upstream knows nothing" },
    { status: 502, body: {}, is: "server_error", because: "a gateway before it failed" },
    { status: 519, body: {}, is: "server_error", because: "the CDN's own begin at 520" },
    { status: 520, body: {}, is: "origin_unreachable", because: "the CDN's own begin at 520" },
    { status: 529, body: {}, is: "origin_unreachable", because: "the CDN's own end at 529" },
    { status: 530, body: {}, is: "server_error", because: "the CDN's own end at 529" },
    { status: 204, body: {}, is: "malformed", because: "the upstream answers with 200 only" },
    { status: 206, body: { id: "1" }, is: "malformed", because: "a part is no answer" },
    { status: 302, body: {}, is: "redirect", because: "the key must not travel" },
  ])("$status with $body is $is: $because", ({ status, body, is }) => {
    expect(outcomeOf("/userid/", status, body)).toBe(is);
  });

  it("keeps the text of an error, because it goes to the client as it came", () => {
    const classified = classify(endpointAt("/userid/"), complete(401, '{"message": "no"}'));
    expect(classified).toEqual({ outcome: "account_error", text: '{"message": "no"}', json: { message: "no" } });
  });

  it("404 with a page is no not-found, because what stands before the upstream does not know what exists", () => {
    expect(classify(endpointAt("/userid/"), complete(404, "<html>")).outcome).toBe("client_error");
  });
});

it.each(["timeout", "thrown", "truncated", "oversized", "redirect"] as const)(
  "a failed dispatch is %s, as it ended",
  (reason) => {
    expect(classify(endpointAt("/userid/"), { kind: "failed", reason, status: 0 })).toEqual({
      outcome: reason,
      text: null,
      json: undefined,
    });
  },
);
