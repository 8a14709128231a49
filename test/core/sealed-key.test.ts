import { describe, expect, it } from "vitest";
import { importKek, open, openSecret, rewrap, seal, sealSecret } from "../../src/core/sealed-key.ts";

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

/** Of key 1 of tenant 1, as rows have held it since before secrets had kinds. */
const SEALED_BEFORE = {
  ...owner,
  wrapIv: "ISIjJCUmJygpKiss",
  wrappedKey: "ESvMF+GE/iRIlpbAwYCQvAgSzds3SAPigKZR2pgzIKud9wni3gMl4mzuUGlb5bVL",
  iv: "LS4vMDEyMzQ1Njc4",
  ciphertext: "EMDMAngq6rmF7AYxYN3eWA0w39sJUfrzukGjwCbQXI1EgQNJmQ==",
};

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

describe("rewrapping", () => {
  const to = { kek: otherKek, kekVersion: 2, random };
  const afterwards = new Map([[2, otherKek]]);

  it("opens with the new wrapping key alone, because the old one is taken away afterwards", async () => {
    const rewrapped = await rewrap(sealed, keks, to);
    expect(rewrapped).toMatchObject({ ...owner, kekVersion: 2 });
    expect(rewrapped && (await open(rewrapped, afterwards))).toBe(clear);
    expect(rewrapped && (await open(rewrapped, keks))).toBeUndefined();
  });

  it("leaves the secret's own encryption as it is, because nobody has to see the secret for it", async () => {
    const { iv, ciphertext } = sealed;
    expect(await rewrap(sealed, keks, to)).toMatchObject({ iv, ciphertext });
  });

  it("wraps with a nonce of its own, because one used twice under a key gives GCM away", async () => {
    const [once, twice] = [await rewrap(sealed, keks, to), await rewrap(sealed, keks, to)];
    expect(once?.wrapIv).not.toBe(twice?.wrapIv);
  });

  it.each([
    { change: { kekVersion: 3 }, because: "its wrapping key is not known" },
    { change: { tenantId: "tenant-2" }, because: "it is another tenant's: rewrapping must not bind it to this one" },
    { change: { wrappedKey: flipped(sealed.wrappedKey) }, because: "the data key was changed" },
  ])("gives nothing when $because", async ({ change }) => {
    expect(await rewrap({ ...sealed, ...change }, keks, to)).toBeUndefined();
  });
});

describe("kinds of secrets", () => {
  const { id, tenantId, version } = owner;

  it("opens a webhook's secret as what it was sealed as", async () => {
    const secret = await sealSecret("webhook-secret", { clear, id, tenantId, version, kek, kekVersion: 1, random });
    expect(await openSecret("webhook-secret", secret, keks)).toBe(clear);
    expect(await openSecret("upstream-key", secret, keks), "not as the other kind").toBeUndefined();
  });

  it("opens what was sealed before there were kinds, because those rows are in production", async () => {
    expect(await open(SEALED_BEFORE, keks)).toBe(clear);
  });
});

function flipped(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString("base64");
}
