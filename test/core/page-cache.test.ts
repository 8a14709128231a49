import { describe, expect, it } from "vitest";
import { hashtagTags, pageFields, tagsOfPurged } from "../../src/core/page-cache.ts";
import type { PurgeTarget } from "../../src/core/purge.ts";

describe("the tags of a page", () => {
  it.each(["cats", "猫", "👩‍🚀".repeat(16)])(
    "of %s are printable ASCII without blank and comma, and short enough",
    (name) => {
      for (const tag of hashtagTags({ id: "7172649043706378633", name })) {
        expect(tag).toMatch(/^[\x21-\x2b\x2d-\x7e]{1,1024}$/);
        expect(pageFields({ freshSeconds: 1, tags: [tag] })["cache-tag"]).toBe(`pages,${tag}`);
      }
    },
  );
});

describe("what a purge takes of the pages", () => {
  const subject = (of: string): PurgeTarget => ({ kind: "subject", subject: of });
  const call: PurgeTarget = { kind: "call", identity: "i", digest: "d" };
  it.each([
    {
      targets: [{ kind: "everything" } as const],
      subjects: [],
      is: ["pages"],
      because: "every page is made of answers",
    },
    { targets: [subject("challenge:42")], subjects: [], is: ["tag-42"], because: "a page says its id" },
    {
      targets: [subject("challenge:#Cats")],
      subjects: [],
      is: ["tag-name-cats"],
      because: "and its name in one spelling",
    },
    {
      targets: [subject("challenge:#猫"), subject("challenge:42")],
      subjects: [],
      is: ["tag-name-%E7%8C%AB", "tag-42"],
      because: "both names of one thing are purged together",
    },
    { targets: [call], subjects: ["challenge:42"], is: ["tag-42"], because: "the call is about it" },
    { targets: [call], subjects: [], is: [], because: "of a call about nothing there is no page" },
    {
      targets: [subject("user:@tiktok"), subject("music:1")],
      subjects: [],
      is: [],
      because: "only hashtags have pages",
    },
    { targets: [subject("challenge:#a b")], subjects: [], is: [], because: "no such name has one" },
  ])("is $is: $because", ({ targets, subjects, is }) => expect(tagsOfPurged(targets, subjects)).toEqual(is));

  it("is what the page was tagged with", () => {
    const tags = hashtagTags({ id: "42", name: "猫" });
    expect(tagsOfPurged([subject("challenge:#猫"), subject("challenge:42")], [])).toEqual(tags);
  });
});
