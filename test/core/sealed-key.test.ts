import { expect, it } from "vitest";
import { importKek, open, seal } from "../../src/core/sealed-key.ts";

const clear = "upstream-key-in-clear";
const kek = await importKek(Buffer.alloc(32, 1).toString("base64"));
const otherKek = await importKek(Buffer.alloc(32, 2).toString("base64"));
const keks = new Map([[1, kek]]);

/** Bytes that never repeat, as random ones would not. */
let next = 0;
const random = (length: number) => Uint8Array.from({ length }, () => (next += 1) % 251);

/** The bytes of `kek`. */
const ones = (length: number) => new Uint8Array(length).fill(1);

const owner = { id: "key-1", tenantId: "tenant-1", version: 1, downloadTier: true, kekVersion: 1 };
const sealed = await seal({ clear, ...owner, kek, random });

it("opens what it sealed", async () => expect(await open(sealed, keks)).toBe(clear));

it("says the tier and the wrapping key in clear, because they are read without opening", () => {
  expect(sealed).toMatchObject(owner);
});

it("holds the secret in none of its fields", () => {
  const fields = Object.values(sealed).map((field) => Buffer.from(String(field), "base64").toString());
  expect(JSON.stringify([sealed, fields])).not.toContain(clear);
});

it("seals the same key differently every time, because a nonce used twice gives GCM away", async () => {
  const again = await seal({ clear, ...owner, kek, random });
  for (const field of ["wrapIv", "wrappedKey", "iv", "ciphertext"] as const)
    expect(again[field]).not.toBe(sealed[field]);
});

it.each([
  { change: { tenantId: "tenant-2" }, because: "the row was copied to another tenant" },
  { change: { id: "key-2" }, because: "the row was copied to another key" },
  { change: { version: 2 }, because: "an old version was put in the place of a new one" },
  { change: { kekVersion: 2 }, because: "its wrapping key is not known" },
  { change: { ciphertext: flipped(sealed.ciphertext) }, because: "the secret was changed" },
  { change: { wrappedKey: flipped(sealed.wrappedKey) }, because: "the data key was changed" },
  { change: { iv: flipped(sealed.iv) }, because: "the nonce was changed" },
  { change: { wrapIv: flipped(sealed.wrapIv) }, because: "the wrapping nonce was changed" },
  {
    change: { iv: sealed.wrapIv, ciphertext: sealed.wrappedKey },
    because: "a layer was put in the place of the other",
  },
  { change: { iv: "not base64!" }, because: "a field is no base64" },
  { change: { iv: "" }, because: "a field is empty" },
])("does not open when $because", async ({ change }) => {
  expect(await open({ ...sealed, ...change }, keks)).toBeUndefined();
});

it("keeps the layers apart even when the data key equals the wrapping key, because then only the layer's name tells them", async () => {
  const sealed = await seal({ clear, ...owner, kek, random: ones });
  expect(await open(sealed, keks)).toBe(clear);
  expect(await open({ ...sealed, iv: sealed.wrapIv, ciphertext: sealed.wrappedKey }, keks)).toBeUndefined();
});

it("does not open with another wrapping key of the same version", async () => {
  expect(await open(sealed, new Map([[1, otherKek]]))).toBeUndefined();
});

it.each(["", "c2hvcnQ=", "not base64!", Buffer.alloc(33).toString("base64")])(
  "takes no wrapping key of another length and does not show it: %j",
  async (text) => {
    await expect(importKek(text)).rejects.toThrow(/^A key-encryption key is base64 of 32 bytes\.$/);
  },
);

function flipped(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString("base64");
}
