import { expect, it } from "vitest";
import { crc32 } from "../../src/core/crc32.ts";

it.each([
  { text: "", is: 0, because: "nothing has the checksum zero" },
  { text: "123456789", is: 0xcbf43926, because: "this is the check value that the algorithm is known by" },
  { text: "a", is: 0xe8b7be43, because: "a value over 2^31 stays positive" },
])("crc32 of $text: $because", ({ text, is }) => expect(crc32(new TextEncoder().encode(text))).toBe(is));
