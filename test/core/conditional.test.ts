import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { etagOf, matchesEtag } from "../../src/core/conditional.ts";

it("an ETag is half of the body's SHA-256, strong and quoted", async () => {
  const half = createHash("sha256").update("ÿ~>").digest().subarray(0, 16).toString("base64url");
  expect(await etagOf("ÿ~>")).toBe(`"${half}"`);
  expect(await etagOf("ÿ~> ")).not.toBe(`"${half}"`);
});

it.each([
  { header: '"abc"', is: true, because: "it is the same" },
  { header: 'W/"abc"', is: true, because: "weak comparison ignores the mark" },
  { header: '"x", "abc"', is: true, because: "it may be a list" },
  { header: '"x",W/"abc" , "y"', is: true, because: "spaces around commas are free" },
  { header: '"a,b", "abc"', is: true, because: "a tag may hold a comma" },
  { header: "*", is: true, because: "anything will do" },
  { header: " * ", is: true, because: "spaces around a value are free" },
  { header: '"ABC"', is: false, because: "tags have case" },
  { header: '"abcd"', is: false, because: "it only begins the same" },
  { header: '"x"', is: false, because: "it is another" },
  { header: "abc", is: false, because: "a tag has quotes" },
  { header: '"*"', is: false, because: "a quoted star is a tag" },
  { header: "", is: false, because: "it names nothing" },
])('$header matches "abc", $is: $because', ({ header, is }) => expect(matchesEtag(header, '"abc"')).toBe(is));

it("a weak ETag of ours would match too, because the comparison is weak on both sides", () => {
  expect(matchesEtag('"abc"', 'W/"abc"')).toBe(true);
});
