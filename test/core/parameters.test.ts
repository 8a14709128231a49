import { describe, expect, it } from "vitest";
import { upstreamSearch } from "../../src/core/canonical.ts";
import { readCall } from "../../src/core/parameters.ts";
import { callTo, endpointAt } from "./calls.ts";

const invalidOf = (path: string, search: string) => {
  const read = readCall(endpointAt(path), search);
  return read.kind === "invalid" ? read.invalid : [];
};

describe("a query string", () => {
  it.each([
    { path: "/userid/", search: "?username=%40TikTok", is: "?username=tiktok", because: "handles are canonical" },
    { path: "/region-list/", search: "", is: "", because: "nothing is asked" },
    { path: "/region-list/", search: "?", is: "", because: "a lone question mark asks nothing" },
    {
      path: "/user-posts/",
      search: "userid=1&count=&cursor=0",
      is: "?userid=1",
      because: "empty and zero equal absent",
    },
    {
      path: "/search-video/",
      search: "?sort_by=2&publish_time=7&region=us&keyword=a+b&&cursor=x%26y",
      is: "?cursor=x%26y&keyword=a%20b&publish_time=7&region=US&sort_by=2",
      because: "names are sorted and values encoded",
    },
    {
      path: "/search-video/",
      search: "?keyword=caf%c3%a9%20%2B1",
      is: "?keyword=caf%C3%A9%20%2B1",
      because: "an escaped plus is a plus",
    },
    {
      path: "/search-user/",
      search: "?keyword=a=b",
      is: "?keyword=a%3Db",
      because: "only the first equals sign parts name from value",
    },
  ])("$search to $path is sent as $is: $because", ({ path, search, is }) => {
    expect(upstreamSearch(callTo(path, search))).toBe(is);
  });

  it.each([
    { search: "", names: ["username"], because: "a required parameter is missing" },
    { search: "?username=", names: ["username"], because: "empty equals missing" },
    { search: "?username", names: ["username"], because: "no value equals missing" },
    {
      search: "?username=a&username=a",
      names: ["username"],
      because: "a repeated parameter is ambiguous, even if equal",
    },
    { search: "?username=a&foo=1", names: ["foo"], because: "the endpoint has no such parameter" },
    { search: "?username=a&foo=", names: ["foo"], because: "an unknown name stays unknown when empty" },
    { search: "?username=a&Username=b", names: ["Username"], because: "names have case" },
    { search: "?username=a&foo=1&foo=2", names: ["foo"], because: "one mistake is named once" },
    {
      search: "?username=a&__proto__=1&constructor=2",
      names: ["__proto__", "constructor"],
      because: "no prototype answers",
    },
    { search: "?username=%ff", names: ["username"], because: "the bytes are no UTF-8" },
    { search: "?username=%4", names: ["username"], because: "the escape is cut" },
    { search: "?username=a&%zz=1", names: ["(not repeated)"], because: "the name's escape is broken" },
    { search: "?foo=1&username=a%20b", names: ["foo", "username"], because: "everything wrong is named at once" },
    { search: `?username=a&${"x".repeat(33)}=1`, names: ["(not repeated)"], because: "what is repeated is bounded" },
    { search: "?username=a&sk-4f1b2c9d=1", names: ["(not repeated)"], because: "it can be a key in the wrong place" },
  ])("$search is refused for $names: $because", ({ search, names }) => {
    expect(invalidOf("/userid/", search).map(({ name }) => name)).toEqual(names);
  });

  it("names twenty mistakes at most, because a refusal must not outgrow the request", () => {
    const search = Array.from({ length: 100 }, (_, index) => `p${index}=1`).join("&");
    expect(invalidOf("/region-list/", search)).toHaveLength(20);
  });

  it("says what is wrong in words that follow the name", () => {
    expect(invalidOf("/user-posts/", "?count=many&userid=1&userid=2&x=1")).toEqual([
      { name: "x", reason: "is not a parameter of this endpoint" },
      { name: "userid", reason: "is given more than once" },
      { name: "count", reason: "must be a whole number from 1 to 999999999" },
    ]);
  });
});
