import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isUuid, isUuid7, uuid7, uuid7TimeMs } from "../../src/core/uuid7.ts";

const zeros = new Uint8Array(10);
const ones = new Uint8Array(10).fill(0xff);

it("matches the example of RFC 9562, appendix A.6", () => {
  const random = Uint8Array.from(Buffer.from("0cc318c4dc0c0c07398f", "hex"));
  expect(uuid7(0x017f22e279b0, random)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
});

it.each([
  {
    nowMs: 0,
    random: zeros,
    is: "00000000-0000-7000-8000-000000000000",
    because: "version and variant are always set",
  },
  {
    nowMs: 2 ** 48 - 1,
    random: ones,
    is: "ffffffff-ffff-7fff-bfff-ffffffffffff",
    because: "they are never more than set",
  },
])("$is: $because", ({ nowMs, random, is }) => expect(uuid7(nowMs, random)).toBe(is));

it("gives its time back and sorts by it, whatever the random bytes", () => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 2 });
  const random = fc.uint8Array({ minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(time, random, random, (nowMs, first, second) => {
      const id = uuid7(nowMs, first);
      expect(uuid7TimeMs(id)).toBe(nowMs);
      expect(isUuid7(id)).toBe(true);
      expect(id < uuid7(nowMs + 1, second)).toBe(true);
    }),
  );
});

it.each([
  { nowMs: -1, random: zeros, because: "there is no time before 1970" },
  { nowMs: 1.5, random: zeros, because: "half a millisecond has no place" },
  { nowMs: 2 ** 48, random: zeros, because: "the time does not fit" },
  { nowMs: 0, random: new Uint8Array(9), because: "too few random bytes" },
])("throws for $nowMs: $because", ({ nowMs, random }) => expect(() => uuid7(nowMs, random)).toThrow(RangeError));

it.each([
  { text: "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", uuid: true, seven: true, because: "it is a UUIDv7" },
  { text: "6ba7b810-9dad-41d1-80b4-00c04fd430c8", uuid: true, seven: false, because: "it is a UUIDv4" },
  { text: "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", uuid: true, seven: false, because: "the variant is another" },
  {
    text: "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
    uuid: false,
    seven: false,
    because: "upper case is a second spelling",
  },
  { text: "017f22e279b07cc398c4dc0c0c07398f", uuid: false, seven: false, because: "the dashes are missing" },
  { text: "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n", uuid: false, seven: false, because: "a line end is no part of it" },
])("$text: $because", ({ text, uuid, seven }) => {
  expect(isUuid(text)).toBe(uuid);
  expect(isUuid7(text)).toBe(seven);
});

it("throws instead of making a time up for an id that has none", () => {
  expect(() => uuid7TimeMs("6ba7b810-9dad-41d1-80b4-00c04fd430c8")).toThrow(RangeError);
});
