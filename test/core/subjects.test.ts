import { expect, it } from "vitest";
import { findEndpoint } from "../../src/core/catalogue.ts";
import { readCall } from "../../src/core/parameters.ts";
import { subjectsOf } from "../../src/core/subjects.ts";

it.each([
  { call: "/userid/?username=@TikTok", subjects: ["user:@tiktok"], because: "a handle is the user's" },
  { call: "/user-posts/?userid=107955&count=5", subjects: ["user:107955"], because: "the count is about nobody" },
  { call: "/challenge-info-id/?id=42", subjects: ["challenge:42"], because: "`id` is a hashtag's here" },
  { call: "/challenge-info-name/?name=food", subjects: ["challenge:#food"], because: "a name is not an id" },
  { call: "/music-info/?music_id=7", subjects: ["music:7"], because: "a sound is a subject" },
  {
    call: "/post-detail/?url=https://www.tiktok.com/@a/video/73",
    subjects: ["video:73"],
    because: "the URL names the post",
  },
  {
    call: "/post-comment-replies/?video_id=73&comment_id=9",
    subjects: ["video:73"],
    because: "a comment goes with its post",
  },
  { call: "/search-user/?keyword=a", subjects: [], because: "a keyword is about nobody" },
])("$call is about $subjects: $because", ({ call, subjects }) => {
  const { pathname, search } = new URL(call, "http://gateway");
  const endpoint = findEndpoint(pathname);
  if (endpoint === undefined) throw new Error("no such endpoint");
  const read = readCall(endpoint, search);
  if (read.kind !== "call") throw new Error("no such call");
  expect(subjectsOf(read.call)).toEqual(subjects);
});
