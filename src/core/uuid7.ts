const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Six bytes of Unix milliseconds: good until the year 10889. */
const TIME_LIMIT_MS = 2 ** 48;

/** A UUIDv7 (RFC 9562, section 5.7) of a time in Unix milliseconds and 10 random bytes. */
export function uuid7(nowMs: number, random10: Uint8Array): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs >= TIME_LIMIT_MS) throw new RangeError("No time of a UUIDv7.");
  if (random10.length !== 10) throw new RangeError("A UUIDv7 takes 10 random bytes.");
  const [a = 0, b = 0, c = 0, ...rest] = random10;
  const time = nowMs.toString(16).padStart(12, "0");
  const random = [0x70 | (a & 0x0f), b, 0x80 | (c & 0x3f), ...rest].map((byte) => byte.toString(16).padStart(2, "0"));
  const hex = time + random.join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The time inside a UUIDv7, Unix milliseconds. Throws for any other text. */
export function uuid7TimeMs(id: string): number {
  if (!isUuid7(id)) throw new RangeError("Not a UUIDv7 in lower case.");
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Whether `text` is a UUID in its canonical lower case: another spelling of one id would be another key of a map or a cache. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Whether `text` is a UUIDv7 in lower case. */
export function isUuid7(text: string): boolean {
  return UUID7.test(text);
}
