import { fromBase64, toHex, utf8 } from "./bytes.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const ID = /^[0-9A-Za-z]{12}$/;
const SECRET = /^[0-9A-Za-z]{32}$/;
const KEY = /^(tke_(live|pub)_([0-9A-Za-z]{12})_[0-9A-Za-z]{32})_([0-9A-Za-z]{6})$/;

/** A secret key is for servers. A publishable one stands in pages for everybody to read. */
export type KeyKind = "secret" | "publishable";

/** What a key says of itself. */
export type ParsedKey = { readonly keyId: string; readonly kind: KeyKind };

/** What a key says of its kind, so that whoever finds one sees at once whether it was to be found. */
const WORDS: Readonly<Record<KeyKind, string>> = { secret: "live", publishable: "pub" };

/** HMAC-SHA-256 takes any length; less than the digest's own weakens it and more adds little (RFC 2104, section 3). */
const PEPPER_BYTES = 32;

/** Of CRC-32 as in gzip (ISO-HDLC), bits reversed. */
const CRC_POLYNOMIAL = 0xedb88320;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ CRC_POLYNOMIAL : remainder >>> 1;
  }
  return remainder;
});

/**
 * A gateway key as its owner sees it: `tke_live_<id>_<secret>_<checksum>`, or `tke_pub_...` for a publishable one. Throws when the id is
 * not 12 or the secret not 32 characters of base62, without naming either.
 */
export function formatApiKey(id: string, secret: string, kind: KeyKind = "secret"): string {
  if (!ID.test(id)) throw new RangeError("The id of an API key is 12 characters of base62.");
  if (!SECRET.test(secret)) throw new RangeError("The secret of an API key is 32 characters of base62.");
  const body = `tke_${WORDS[kind]}_${id}_${secret}`;
  return `${body}_${checksum(body)}`;
}

/**
 * The public id inside a key and what kind it says it is, or nothing for what cannot be one. The checksum is no proof: it only saves the
 * look-up of a mistyped or made-up key.
 */
export function parseApiKey(text: string): ParsedKey | undefined {
  const [, body, word, keyId, check] = KEY.exec(text) ?? [];
  if (body === undefined || keyId === undefined || check !== checksum(body)) return undefined;
  return { keyId, kind: word === WORDS.publishable ? "publishable" : "secret" };
}

/**
 * What a request presents as its credential, in `X-Api-Key` or in `Authorization: Bearer`; nothing when there is none or both. A repeated
 * field is one text with a comma.
 */
export function presentedCredential(headers: Headers): string | undefined {
  const apiKey = headers.get("x-api-key");
  const authorization = headers.get("authorization");
  if (apiKey !== null && authorization !== null) return undefined;
  if (apiKey !== null) return apiKey;
  return authorization === null ? undefined : /^bearer ([^ ]+)$/i.exec(authorization)?.[1];
}

/**
 * `length` characters of base62 from random `bytes`, every character as likely as every other: 256 is no multiple of 62, so bytes past
 * the last multiple are skipped. Throws when the bytes run out; twice `length` is plenty.
 */
export function randomBase62(bytes: Uint8Array, length: number): string {
  const unbiased = bytes.filter((byte) => byte < 4 * ALPHABET.length);
  if (unbiased.length < length) throw new RangeError(`Too few random bytes for ${length} characters of base62.`);
  return Array.from(unbiased.subarray(0, length), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join("");
}

/** The pepper for key digests, from base64 of exactly 32 bytes. Throws, without showing it, when it is not that. */
export async function importPepper(base64: string): Promise<CryptoKey> {
  const bytes = fromBase64(base64);
  if (bytes === undefined || bytes.length !== PEPPER_BYTES) {
    throw new RangeError(`A pepper is base64 of ${PEPPER_BYTES} bytes.`);
  }
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/** Hex HMAC-SHA-256 of the whole key: what the database holds in its stead. */
export async function digestApiKey(apiKey: string, pepper: CryptoKey): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", pepper, utf8(apiKey))));
}

/** Compares digests in a time that depends on their length only, so that a guess learns nothing from how long it took to fail. */
export function sameDigest(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

/** CRC-32 in six base62 digits: 62^6 is more than 2^32, so it always fits. */
function checksum(body: string): string {
  let rest = crc32(utf8(body));
  let digits = "";
  for (let place = 0; place < 6; place += 1) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** An unsigned 32-bit number. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
