import { expect, it } from "vitest";
import { upstreamSearch } from "../../src/core/canonical.ts";
import type { Call } from "../../src/core/catalogue.ts";
import { callsFound, searchOf } from "../../src/core/warm-seeds.ts";

const pathOf = (call: Call | undefined) => call && `${call.endpoint.path}${upstreamSearch(call)}`;
const found = (...challenge_list: readonly unknown[]) =>
  callsFound(JSON.stringify({ challenge_list, cursor: 10, hasMore: true }), 2).map(pathOf);

it.each([
  { keyword: "street food", is: "/search-challenge/?keyword=street%20food" },
  { keyword: "a".repeat(501), is: undefined },
])("searches for $keyword as a client would", ({ keyword, is }) => {
  expect(pathOf(searchOf(keyword))).toBe(is);
});

it("asks of the first challenges found what they are, and for the first page of their posts", () => {
  expect(found({ id: "1", cha_name: "cooking" }, { id: "2", cha_name: "tea" }, { id: "3", cha_name: "late" })).toEqual([
    "/challenge-info-name/?name=cooking",
    "/challenge-posts/?challenge_id=1",
    "/challenge-info-name/?name=tea",
    "/challenge-posts/?challenge_id=2",
  ]);
});

it("passes over what is no challenge, or none that anybody could ask for", () => {
  expect(found({ id: 1, cha_name: "number" }, { id: "x", cha_name: "#" })).toEqual([]);
  expect(found("text", null)).toEqual([]);
});

it.each(["", "[]", "{}", '{"challenge_list":{}}', '{"challenge_list":['])("finds nothing in %j", (body) => {
  expect(callsFound(body, 2)).toEqual([]);
});
