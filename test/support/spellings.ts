/** Shorter texts turn up anywhere by chance. */
const SHORTEST = 8;

/** How bytes may stand in a text: as they are, escaped for JSON or a URL, in hex, in base64 wherever they begin, as a list of numbers. */
export function spellingsOf(secret: Uint8Array): readonly string[] {
  const bytes = Buffer.from(secret);
  const spelled = [...textsOf(bytes), bytes.toString("hex"), ...base64sOf(bytes), bytes.join(","), bytes.join(", ")];
  const all = spelled.flatMap((text) => [text, text.toUpperCase(), text.toLowerCase()]);
  return [...new Set(all)].filter((text) => text.length >= SHORTEST);
}

/** Of what is no text, nothing: a pepper is written as bytes only. */
function textsOf(bytes: Buffer): readonly string[] {
  const text = bytes.toString("utf8");
  if (!/^[\x20-\x7e]+$/.test(text)) return [];
  return [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)];
}

/**
 * In base64 a text looks different for each of the three places in a group where it may begin, as in `Basic` credentials or a document
 * that was encoded whole. What depends on its neighbours is left out.
 */
function base64sOf(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const isCut = (bytes.length + before) % 3 !== 0;
    const inner = encoded.slice(Math.ceil((before * 8) / 6), isCut ? -1 : undefined);
    return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
