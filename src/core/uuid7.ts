const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Every byte in two digits: ids are made for each request. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Six bytes of Unix milliseconds: good until the year 10889. */
const TIME_LIMIT_MS = 2 ** 48;

/** A UUIDv7 (RFC 9562, section 5.7) of a time in Unix milliseconds and 10 random bytes. */
export function uuid7(nowMs: number, random10: Uint8Array): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs >= TIME_LIMIT_MS) throw new RangeError("No time of a UUIDv7.");
  if (random10.length !== 10) throw new RangeError("A UUIDv7 takes 10 random bytes.");
  const time = nowMs.toString(16).padStart(12, "0");
  const hex = (at: number) => HEX[random10[at] ?? 0] ?? "";
  const [a = 0, , c = 0] = random10;
  const version = HEX[0x70 | (a & 0x0f)] ?? "";
  const variant = HEX[0x80 | (c & 0x3f)] ?? "";
  const node = hex(4) + hex(5) + hex(6) + hex(7) + hex(8) + hex(9);
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}${hex(1)}-${variant}${hex(3)}-${node}`;
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
