import { sha256, toHex } from "./bytes.ts";
import { isUuid } from "./uuid7.ts";

/**
 * The id of a person, from what the identity provider calls them. A `sub` that is a UUID is taken as it is; of any other a UUIDv8
 * (RFC 9562, section 5.8) is made from SHA-256 over issuer and subject, so that two providers' `1` are two people. A `sub` that is a
 * UUIDv8 itself is one of the others: else whoever may choose it could choose to be somebody.
 */
export async function userIdOf(issuer: string, subject: string): Promise<string> {
  if (isUuid(subject) && subject.charAt(14) !== "8") return subject;
  const hex = toHex(await sha256(JSON.stringify([issuer, subject])));
  const variant = "89ab".charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}
