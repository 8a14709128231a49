/** Control characters and line breaks, and what turns the direction of the text around it. */
const UNSHOWN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** A text of anybody's as one line of at most `most` characters, which stays where it is put. It is still text, to be escaped. */
export function shownText(text: string, most: number): string {
  // A text of megabytes is cut before anything is made of it.
  const line = text
    .slice(0, most * 8)
    .toWellFormed()
    .replaceAll(UNSHOWN, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  const characters = Array.from(line);
  return characters.length <= most
    ? line
    : `${characters
        .slice(0, most - 1)
        .join("")
        .trimEnd()}…`;
}
