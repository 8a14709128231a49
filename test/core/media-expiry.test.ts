import { expect, it } from "vitest";
import { earliestExpiryMs } from "../../src/core/media-expiry.ts";

const now = 1_763_800_000;
const hex = (seconds: number) => seconds.toString(16);
const day = 86_400;

it.each([
  { json: { play: `https://v.example/x?a=1&x-expires=${now + 60}&b=2` }, is: now + 60, because: "the query says it" },
  { json: { play: `https://v.example/x?x-expires=${now + 60}` }, is: now + 60, because: "it may stand first" },
  {
    json: { play: `https://v.example/${"0".repeat(32)}/${hex(now + 90)}/video/` },
    is: now + 90,
    because: "the path says it",
  },
  {
    json: { a: `https://v.example/?x-expires=${now + 90}`, b: [{ c: `https://v.example/?x-expires=${now + 30}` }] },
    is: now + 30,
    because: "the first to die counts, however deep it stands",
  },
  {
    json: { a: `https://v.example/deadbeef/${hex(now + 90)}/?x-expires=${now + 300}` },
    is: now + 300,
    because: "what is stated beats what is guessed",
  },
  {
    json: { a: `https://v.example/${hex(now + 50)}/${hex(now + 40)}/` },
    is: now + 40,
    because: "neighbours share a slash",
  },
  { json: { a: `https://v.example/?x-expires=${now - day}` }, is: now - day, because: "a stated past is past" },
  { json: { a: "https://v.example/deadbeef/x" }, is: Infinity, because: "the year 2088 is no expiry" },
  { json: { a: "https://v.example/0a1b2c3d/x" }, is: Infinity, because: "the year 1975 is no expiry" },
  { json: { title: `x-expires=${now}`, text: `/${hex(now)}/` }, is: Infinity, because: "a title is no URL" },
  { json: { a: `https://v.example/?x-expires=${now}000` }, is: Infinity, because: "milliseconds are not what it says" },
  { json: { play: "", cover: null, id: 5 }, is: Infinity, because: "no URL says it" },
  { json: undefined, is: Infinity, because: "there is no body" },
])("$json expires at $is: $because", ({ json, is }) => expect(earliestExpiryMs(json, now * 1_000)).toBe(is * 1_000));

it("walks a hostile depth, because a stack overflow would lose a paid answer", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(5_000)}"https://v.example/?x-expires=${now}"${"]".repeat(5_000)}`);
  expect(earliestExpiryMs(deep, now * 1_000)).toBe(now * 1_000);
});
