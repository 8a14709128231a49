/**
 * JSON as PHP's `json_encode` writes it: slashes escaped, and everything beyond ASCII as `\uXXXX` unless `unicode` is `raw`. The
 * value is what JSON.stringify would give, the bytes are not: whoever parses an answer and writes it anew shows in a comparison.
 */
export function phpJson(value: object, unicode: "escaped" | "raw"): string {
  const json = JSON.stringify(value).replaceAll("/", "\\/");
  return unicode === "raw" ? json : json.replaceAll(/[\u0080-\uffff]/g, escaped);
}

/** Characters outside the basic plane come here as two halves, as they do in PHP. */
function escaped(half: string): string {
  return `\\u${half.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
