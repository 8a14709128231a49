import { expect, it } from "vitest";
import { findEndpoint } from "../../src/core/catalogue.ts";
import { readCall } from "../../src/core/parameters.ts";
import { subjectIn, subjectsOf } from "../../src/core/subjects.ts";

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

it.each([
  { text: "user:107955", subject: "user:107955", because: "an id is digits" },
  { text: "user:@TikTok", subject: "user:@tiktok", because: "handles have no case" },
  { text: "challenge:#Food", subject: "challenge:#Food", because: "hashtags may have one" },
  { text: "challenge:#@a", subject: "challenge:#@a", because: "a hashtag may begin like a handle" },
  { text: "challenge:42", subject: "challenge:42", because: "an id is digits" },
  { text: "music:7", subject: "music:7", because: "a sound has an id" },
  { text: "video:73", subject: "video:73", because: "a post has one" },
  { text: "playlist:1", subject: "playlist:1", because: "a playlist has one" },
  { text: "collection:1", subject: "collection:1", because: "a collection has one" },
  { text: "user:tiktok", subject: undefined, because: "a handle has its @" },
  { text: "user:@@tiktok", subject: undefined, because: "and one of them" },
  { text: "user:", subject: undefined, because: "nobody is named" },
  { text: "user:@", subject: undefined, because: "nobody is named either" },
  { text: "challenge:food", subject: undefined, because: "a hashtag has its #" },
  { text: "challenge:##food", subject: undefined, because: "and one of them" },
  { text: "music:@a", subject: undefined, because: "a sound has no handle" },
  { text: "user:007", subject: undefined, because: "no call could ask for it" },
  { text: "USER:1", subject: undefined, because: "no subject is named so" },
  { text: "pool:default", subject: undefined, because: "a scope is no subject" },
  { text: " user:1", subject: undefined, because: "it begins with something else" },
  { text: "user:1\n", subject: undefined, because: "it ends with something else" },
])("$text names $subject: $because", ({ text, subject }) => expect(subjectIn(text)).toBe(subject));
