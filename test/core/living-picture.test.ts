import { expect, it } from "vitest";
import { livingPicture } from "../../src/core/living-picture.ts";

const nowMs = 1_700_000_000_000;
const untilMs = nowMs + 3_600_000;
const SECONDS = untilMs / 1_000;

it.each([
  { url: `https://p16.media.example/a.jpeg?x-expires=${SECONDS + 1}`, is: true, because: "it outlives the page" },
  { url: `https://p16.media.example/a.jpeg?x-expires=${SECONDS}`, is: false, because: "it ends with the page" },
  { url: `https://p16.media.example/${(SECONDS - 60).toString(16)}/a.jpeg`, is: false, because: "its path says so" },
  { url: "https://p16.media.example/a.jpeg", is: true, because: "it says nothing of an end" },
  { url: "http://p16.media.example/a.jpeg", is: false, because: "it is not encrypted" },
  { url: "//p16.media.example/a.jpeg", is: false, because: "it is no whole address" },
  { url: "javascript:alert(1)", is: false, because: "it is a script" },
  { url: "data:image/svg+xml,<svg/>", is: false, because: "it is from nowhere" },
  { url: "https://user:word@media.example/a.jpeg", is: false, because: "it has somebody's name in it" },
  { url: `https://p16.media.example/${"a".repeat(2_000)}`, is: false, because: "it is longer than any" },
  { url: "", is: false, because: "there is none" },
])("is $is for $url: $because", ({ url, is }) => expect(livingPicture(url, { nowMs, untilMs }) !== undefined).toBe(is));

it("is written so that it ends no attribute", () => {
  expect(livingPicture(`https://p16.media.example/"><script>`, { nowMs, untilMs })).toBe(
    "https://p16.media.example/%22%3E%3Cscript%3E",
  );
});
