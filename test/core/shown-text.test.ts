import { expect, it } from "vitest";
import { shownText } from "../../src/core/shown-text.ts";

it.each([
  { text: "Hello", is: "Hello", because: "it is fine" },
  { text: " a\n\tb\u0000c\u2028d ", is: "a b c d", because: "it is one line" },
  { text: "abc\u202Edef\u2066g", is: "abc def g", because: "it turns nothing around" },
  { text: "0123456789x", is: "012345678…", because: "it has an end" },
  { text: "👩👩👩👩👩👩👩👩👩👩", is: "👩👩👩👩👩👩👩👩👩👩", because: "a character is one, whatever it takes" },
  { text: "half \uD83D", is: "half \uFFFD", because: "half a character is shown as such" },
  { text: "<b>&amp;", is: "<b>&amp;", because: "it is text: escaping is for who writes it down" },
])("shows $text as $is: $because", ({ text, is }) => expect(shownText(text, 10)).toBe(is));

it("takes no time for a text of megabytes", () => expect(shownText("a".repeat(5_000_000), 10)).toBe("aaaaaaaaa…"));
