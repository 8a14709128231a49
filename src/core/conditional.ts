import { sha256, toBase64 } from "./bytes.ts";

const ETAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\uffff]*")/g;

const ETAG_BYTES = 16;

/** A strong validator with its quotes: half of the body's SHA-256 in base64url, 128 bits, which nothing but equal bodies will share. */
export async function etagOf(body: string): Promise<string> {
  const digest = await sha256(body);
  const base64 = toBase64(digest.subarray(0, ETAG_BYTES));
  return `"${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}"`;
}

/** Whether `If-None-Match` names this ETag: a list or `*`, compared weakly (RFC 9110, sections 8.8.3.2 and 13.1.2). */
export function matchesEtag(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  const opaque = etag.replace(/^W\//, "");
  return Array.from(ifNoneMatch.matchAll(ETAG), ([, tag]) => tag).includes(opaque);
}
