import { describe, expect, it } from "vitest";
import { hashtagIn, hashtagName, hashtagPath } from "../../src/core/hashtag-name.ts";

describe("the name of a hashtag", () => {
  it.each([
    { text: "Cats", is: "cats", because: "ASCII letters have no case" },
    { text: "#cats", is: "cats", because: "people write the mark" },
    { text: "Émile", is: "Émile", because: "what has a case beyond ASCII is for the upstream to say" },
    { text: "e\u0301te", is: "éte", because: "two spellings that look alike are one" },
    { text: "H\u0331", is: "\u1e96", because: "in lower case it is one letter, which is spelt as one" },
    { text: "\u212a", is: "k", because: "the sign of the kelvin is a K" },
    { text: "猫", is: "猫", because: "not everybody writes Latin" },
    { text: "कुत्ता", is: "कुत्ता", because: "marks are part of words" },
    { text: "👩‍🚀_1", is: "👩‍🚀_1", because: "people tag with pictures" },
    { text: "", is: undefined, because: "nothing is no name" },
    { text: "#", is: undefined, because: "nor is the mark alone" },
    { text: "##cats", is: undefined, because: "two marks are no name" },
    { text: "a b", is: undefined, because: "a hashtag has no blank" },
    { text: "<script>", is: undefined, because: "nor anything that markup is made of" },
    { text: `"onload=`, is: undefined, because: "nor what attributes are made of" },
    { text: "a/../b", is: undefined, because: "nor what paths are made of" },
    { text: "a\u202Etac", is: undefined, because: "nor what turns text around" },
    { text: "a\u200Bb", is: undefined, because: "nor what nobody sees" },
    { text: "a\u0000", is: undefined, because: "nor a control character" },
    { text: "\uD83D", is: undefined, because: "half a character is none" },
    { text: "x".repeat(81), is: undefined, because: "it has an end" },
    { text: "é".repeat(80), is: "é".repeat(80), because: "80 characters of any script have room" },
  ])("of $text is $is: $because", ({ text, is }) => expect(hashtagName(text)).toBe(is));

  it.each(["cats", "猫", "👩‍🚀_1", "e\u0301", "H\u0331", "\u212a\u030c"])(
    "of the page at the path of %s is that name, and its path its own",
    (name) => {
      const path = hashtagPath(hashtagName(name) ?? "");
      const { pathname } = new URL(path, "https://tikedge.example");
      expect(pathname).toBe(path);
      expect(hashtagIn(pathname)).toBe(hashtagName(name));
    },
  );

  it.each([
    "/tags/",
    "/tags/a/b",
    "/tags/%E0%A4",
    "/tags/%2Fetc",
    "/tags/%00",
    "/tagsx/cats",
    "/tags/a%20b",
    "/tags/%",
  ])("is not in %s", (path) => expect(hashtagIn(path)).toBeUndefined());

  it.each(["/tags/Cats", "/tags/%23cats", "/tags/cats/", "/tags/%63ats"])(
    "is cats in %s, for people type all of these",
    (path) => expect(hashtagIn(path)).toBe("cats"),
  );
});
