import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { answerKey, redisKey } from "../../src/core/answer-key.ts";
import { upstreamSearch } from "../../src/core/canonical.ts";
import { endpoints } from "../../src/core/endpoints.ts";
import { readCall } from "../../src/core/parameters.ts";
import { callTo } from "./calls.ts";
import { closeCall } from "./close-calls.ts";
import { anyCall, spellings } from "./spellings.ts";

const asked = { scope: "pool:default", tier: "standard", namespaceVersion: "1" };
const keyOf = (path: string, search = "", other = {}) => answerKey({ call: callTo(path, search), ...asked, ...other });
const identityOf = (path: string, search: string) => keyOf(path, search).identity;

describe("an answer's key", () => {
  it("is SHA-256 of its identity in full, computed once for all requests for a call, none of which waits for another's", async () => {
    const call = callTo("/userid/", "?username=tiktok");
    const keyFor = (scope: string) => answerKey({ ...asked, call, scope });
    const digest = vi.spyOn(crypto.subtle, "digest");
    const key = keyFor("pool:default");
    expect(await key.digest()).toBe(createHash("sha256").update(key.identity).digest("hex"));
    expect(await keyFor("pool:default").digest()).toBe(await key.digest());
    expect(digest).toHaveBeenCalledTimes(1);
    const other = keyFor("tenant:1");
    expect(await other.digest()).toBe(createHash("sha256").update(other.identity).digest("hex"));
    expect(await key.digest()).toBe(createHash("sha256").update(key.identity).digest("hex"));
    digest.mockRestore();
  });

  it("has a place in Redis that people can read", async () => {
    const key = keyOf("/userid/", "?username=tiktok");
    expect(redisKey(key, await key.digest())).toMatch(/^tla:v1:pool:default:userid:[0-9a-f]{64}$/);
  });

  it.each([
    { path: "/userid/", search: "?username=a", other: { scope: "tenant:1" }, because: "scopes are kept apart" },
    {
      path: "/userid/",
      search: "?username=a",
      other: { namespaceVersion: "2" },
      because: "a raised version leaves all behind",
    },
    {
      path: "/post-detail/",
      search: "?url=1",
      other: { tier: "download" },
      because: "a tier's links are not another's",
    },
  ])("of $path differs by $other: $because", ({ path, search, other }) => {
    expect(keyOf(path, search, other).identity).not.toBe(keyOf(path, search).identity);
  });

  it.each([
    { other: { scope: "tenant:1" }, because: "one tenant's request must not find another's answers" },
    { other: { tier: "download" }, because: "the next tenant may have no such links" },
    { other: { namespaceVersion: "2" }, because: "a raised version leaves all behind" },
  ])("is by $other another for the very same call, which requests of an isolate share: $because", ({ other }) => {
    const call = callTo("/post-detail/", "?url=1");
    const one = answerKey({ call, ...asked });
    const two = answerKey({ call, ...asked, ...other });
    expect(two.identity).not.toBe(one.identity);
    expect(answerKey({ call, ...asked }).identity).toBe(one.identity);
  });

  it("ignores the tier where bodies carry no media URLs, because one fetch can then serve both", () => {
    expect(keyOf("/userid/", "?username=a", { tier: "download" }).identity).toBe(identityOf("/userid/", "?username=a"));
  });

  it.each([
    { path: "/user-posts/", one: "userid=1&count=10", two: "userid=1", because: "an absent count equals no number" },
    { path: "/user-posts/", one: "userid=1&count=10", two: "userid=1&count=35", because: "pages have sizes" },
    { path: "/user-posts/", one: "userid=1&cursor=1", two: "userid=1", because: "pages are apart" },
    { path: "/user-posts/", one: "userid=1&cursor=2", two: "userid=2&cursor=1", because: "values belong to names" },
    {
      path: "/user-posts/",
      one: "userid=1&cursor=5",
      two: "userid=1&count=5",
      because: "a value alone says too little",
    },
    { path: "/user-followers/", one: "userid=1&time=5", two: "userid=1", because: "followers page by time" },
    {
      path: "/post-comment-replies/",
      one: "video_id=1&comment_id=2",
      two: "video_id=2&comment_id=1",
      because: "both ids count",
    },
    { path: "/search-video/", one: "keyword=Cat", two: "keyword=cat", because: "the case of a keyword may matter" },
    { path: "/search-video/", one: "keyword=a&sort_by=2", two: "keyword=a", because: "order matters" },
    {
      path: "/search-video/",
      one: "keyword=a%26count%3D5",
      two: "keyword=a&count=5",
      because: "a value is not a parameter",
    },
    { path: "/challenge-info-name/", one: "name=FYP", two: "name=fyp", because: "the case of a hashtag may matter" },
    {
      path: "/post-detail/",
      one: "url=https://vm.tiktok.com/A1",
      two: "url=https://vt.tiktok.com/A1",
      because: "codes belong to hosts",
    },
  ])("of $path tells $one from $two: $because", ({ path, one, two }) => {
    expect(identityOf(path, one)).not.toBe(identityOf(path, two));
  });

  it("tells endpoints apart that take the same parameters", () => {
    expect(identityOf("/user-followers/", "userid=1")).not.toBe(identityOf("/user-following/", "userid=1"));
  });
});

describe("every way of writing a call", () => {
  it.each([
    { from: "any calls", calls: anyCall },
    { from: "close calls", calls: closeCall },
    { from: "spellings", calls: spellings.map(({ path, spelt }) => ({ path, search: spelt })) },
  ])("is drawn with each parameter given, among $from, because what is never drawn is never tried", ({ calls }) => {
    const drawn = fc.sample(calls, { numRuns: 2_000, seed: 6 });
    const given = new Set(
      drawn.flatMap(({ path, search }) => callTo(path, search).params.map(([name]) => path + name)),
    );
    const all = endpoints.flatMap(({ path, parameters }) => parameters.map(({ name }) => path + name));
    expect(all.filter((one) => !given.has(one))).toEqual([]);
  });

  it("has one identity and one upstream request", () => {
    fc.assert(
      fc.property(spellings, ({ path, plain, spelt }) => {
        expect(identityOf(path, spelt)).toBe(identityOf(path, plain));
        expect(upstreamSearch(callTo(path, spelt))).toBe(upstreamSearch(callTo(path, plain)));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("is read from its own upstream request as itself, so a gateway may stand behind a gateway", () => {
    fc.assert(
      fc.property(anyCall, ({ path, search }) => {
        const sent = upstreamSearch(callTo(path, search));
        expect(identityOf(path, sent)).toBe(identityOf(path, search));
        expect(upstreamSearch(callTo(path, sent))).toBe(sent);
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  it("shares its identity exactly with the calls that make the same upstream request", () => {
    fc.assert(
      fc.property(anyCall, anyCall, (one, two) => {
        const sent = ({ path, search }: typeof one) => path + upstreamSearch(callTo(path, search));
        const equal = identityOf(one.path, one.search) === identityOf(two.path, two.search);
        expect(equal).toBe(sent(one) === sent(two));
      }),
      { numRuns: 2_000, seed: 3 },
    );
  });

  it("never crashes the reader, whatever the text", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.webQueryParameters());
    fc.assert(
      fc.property(fc.constantFrom(...endpoints), text, (endpoint, search) => {
        expect(["call", "invalid"]).toContain(readCall(endpoint, search).kind);
      }),
      { numRuns: 2_000, seed: 4 },
    );
  });
});
