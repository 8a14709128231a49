/** What a hashtag may be made of: letters, marks and digits of any script, pictures, and what joins these to one (U+200D). */
const NAME = /^(?:[\p{L}\p{M}\p{N}\p{Extended_Pictographic}_]|\u200d){1,80}$/u;

/**
 * The one spelling of a hashtag that has a page: composed (NFC), without `#`, ASCII letters in lower case. Nothing for what is no hashtag:
 * white space, punctuation, and what is not seen or turns text around. Composed twice: some letters make one with a mark in lower case alone
 * (U+1E96), and some become ASCII ones by it (U+212A).
 */
export function hashtagName(text: string): string | undefined {
  const name = text
    .normalize("NFC")
    .replace(/^#/, "")
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    .normalize("NFC");
  return NAME.test(name) ? name : undefined;
}

/** The path of a hashtag's page, by the name in its one spelling. */
export function hashtagPath(name: string): string {
  return `/tags/${encodeURIComponent(name)}`;
}

/** The name in the path of a page, in its one spelling; nothing for what names no hashtag. */
export function hashtagIn(pathname: string): string | undefined {
  const [, segment] = /^\/tags\/([^/]+)\/?$/.exec(pathname) ?? [];
  if (segment === undefined) return undefined;
  try {
    return hashtagName(decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}
