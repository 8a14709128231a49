import { describe, expect, it } from "vitest";
import { canonicalValue } from "../../src/core/canonical.ts";
import type { ParameterKind } from "../../src/core/catalogue.ts";

type Row = { kind: ParameterKind; text: string; because: string };

const canonical = (kind: ParameterKind, text: string) =>
  canonicalValue({ name: "parameter", kind, required: false, choices: ["0", "1", "7"] }, text);

describe("a value", () => {
  it.each<Row & { is: string }>([
    { kind: "handle", text: "TikTok", is: "tiktok", because: "handles have no case" },
    { kind: "handle", text: "@tiktok", is: "tiktok", because: "the @ is how people write it" },
    { kind: "handle", text: "a.b_C9", is: "a.b_c9", because: "dots, underscores and digits belong to it" },
    { kind: "numeric-id", text: "107955", is: "107955", because: "an id is digits" },
    {
      kind: "numeric-id",
      text: "7106594312292453675",
      is: "7106594312292453675",
      because: "19 digits keep every digit",
    },
    { kind: "text", text: " Cats  and Dogs ", is: " Cats  and Dogs ", because: "what spaces and case mean is unknown" },
    { kind: "text", text: "e\u0301", is: "e\u0301", because: "what Unicode forms mean is unknown" },
    { kind: "text", text: "0", is: "0", because: "zero is a word like any other" },
    { kind: "hashtag", text: "#ForYou", is: "ForYou", because: "the # goes, the case stays" },
    { kind: "count", text: "35", is: "35", because: "it is a count" },
    { kind: "count", text: "0010", is: "10", because: "leading zeros do not change a number" },
    { kind: "count", text: "500", is: "500", because: "the cap is the upstream's to apply" },
    { kind: "cursor", text: "1639312724000", is: "1639312724000", because: "it is opaque" },
    { kind: "cursor", text: "00", is: "00", because: "an opaque text of zeros is not known to be zero" },
    { kind: "cursor", text: "a+/=ü", is: "a+/=ü", because: "any printable text may be a cursor" },
    { kind: "unix-time", text: "01700000000", is: "1700000000", because: "leading zeros do not change a number" },
    { kind: "region", text: "us", is: "US", because: "country codes have no case" },
    { kind: "choice", text: "7", is: "7", because: "it is one of the choices" },
    {
      kind: "url",
      text: "https://ads.tiktok.com/x#y",
      is: "https://ads.tiktok.com/x",
      because: "a fragment is never sent",
    },
  ])("of kind $kind, $text, becomes $is: $because", ({ kind, text, is }) => {
    expect(canonical(kind, text)).toEqual({ kind: "value", value: is });
  });

  it.each<Row>([
    { kind: "cursor", text: "0", because: "the first page is the first page" },
    { kind: "unix-time", text: "0", because: "the first page is the first page" },
    { kind: "unix-time", text: "000", because: "zero has many spellings" },
    { kind: "choice", text: "0", because: "the default equals saying nothing" },
    { kind: "region", text: "", because: "clients send it empty by default" },
    { kind: "handle", text: "", because: "an empty parameter equals an absent one" },
  ])("of kind $kind, '$text', equals none: $because", ({ kind, text }) => {
    expect(canonical(kind, text)).toEqual({ kind: "absent" });
  });

  it.each<Row>([
    { kind: "handle", text: "@", because: "nothing follows the @" },
    { kind: "handle", text: "@@tiktok", because: "one @ is a habit, two are a mistake" },
    { kind: "handle", text: "tik tok", because: "handles have no spaces" },
    { kind: "handle", text: "tıktok", because: "a dotless i is no ASCII letter" },
    { kind: "handle", text: "K".repeat(65), because: "no handle is that long" },
    { kind: "handle", text: "\u212Aelvin", because: "the Kelvin sign becomes a k in lower case and is none" },
    { kind: "numeric-id", text: "0107955", because: "whether leading zeros count is unknown" },
    { kind: "numeric-id", text: "1e5", because: "ids are digits" },
    { kind: "numeric-id", text: "-1", because: "ids have no sign" },
    { kind: "numeric-id", text: "١٢٣", because: "other scripts' digits are not ours" },
    { kind: "numeric-id", text: "1".repeat(21), because: "ids have at most 20 digits" },
    { kind: "text", text: "a\u0000b", because: "control characters have no place in a keyword" },
    { kind: "text", text: "x".repeat(501), because: "no keyword is that long" },
    { kind: "hashtag", text: "#", because: "nothing follows the #" },
    { kind: "hashtag", text: "##foryou", because: "read again it would be another name" },
    { kind: "count", text: "0", because: "nothing cannot be asked for" },
    { kind: "count", text: "-5", because: "counts have no sign" },
    { kind: "count", text: "1.5", because: "counts are whole" },
    { kind: "count", text: "1000000000", because: "ten digits are more than any cap" },
    { kind: "cursor", text: "a\nb", because: "a line end is not printable" },
    { kind: "cursor", text: "x".repeat(257), because: "no cursor is that long" },
    { kind: "unix-time", text: "now", because: "a time is digits" },
    { kind: "region", text: "USA", because: "codes have two letters" },
    { kind: "choice", text: "3", because: "it is none of the choices" },
    { kind: "choice", text: "00", because: "a choice has one spelling" },
    { kind: "post-url", text: "https://evil.example/video/1", because: "it points away from TikTok" },
    { kind: "url", text: `https://tiktok.com/${"x".repeat(2_000)}`, because: "no URL needs to be that long" },
  ])("of kind $kind, '$text', is refused: $because", ({ kind, text }) => {
    expect(canonical(kind, text)).toMatchObject({ kind: "malformed", reason: expect.stringMatching(/^must /) });
  });
});
