import { createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  digestApiKey,
  formatApiKey,
  importPepper,
  parseApiKey,
  presentedCredential,
  randomBase62,
  sameDigest,
} from "../../src/core/api-key.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const id = "0123456789ab";
const secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";
const key = formatApiKey(id, secret);
const pepper = (byte: number) => importPepper(Buffer.alloc(32, byte).toString("base64"));

describe("an API key", () => {
  it("keeps its form, because keys that were handed out must go on working", () => {
    expect(key).toBe("tke_live_0123456789ab_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef_33Z66m");
  });

  it.each([
    { secret: secret.replace("A", "0"), because: "a value under 2^31" },
    { secret: secret.replace("A", "1"), because: "a value over it stays positive" },
  ])("ends in the CRC-32 that any other tool would compute: $because", ({ secret }) => {
    const [, body = "", digits = ""] = /^(.*)_(.*)$/.exec(formatApiKey(id, secret)) ?? [];
    const value = Array.from(digits).reduce((sum, digit) => sum * 62 + BASE62.indexOf(digit), 0);
    expect(value).toBe(crc32(body));
  });

  it("gives its public id back, and that it is secret", () =>
    expect(parseApiKey(key)).toEqual({ keyId: id, kind: "secret" }));

  it("says so when it is publishable, because whoever finds it in a page must not raise an alarm", () => {
    const published = formatApiKey(id, secret, "publishable");
    expect(published).toMatch(/^tke_pub_0123456789ab_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef_[0-9A-Za-z]{6}$/);
    expect(parseApiKey(published)).toEqual({ keyId: id, kind: "publishable" });
  });

  it.each([
    { text: key.replace("B", "C"), because: "one wrong character fails the checksum" },
    { text: key.replace("AB", "BA"), because: "swapped neighbours fail the checksum" },
    { text: key.replace(id, "0123456789aB"), because: "the id is under the checksum too" },
    { text: key.slice(0, -1), because: "the end is missing" },
    { text: `${key} `, because: "spaces are not trimmed" },
    { text: `${key}\n`, because: "an end of line is not trimmed" },
    { text: key.replace("live", "test"), because: "there are no test keys" },
    { text: key.replace("live", "pub"), because: "the kind is under the checksum too" },
    { text: "", because: "nothing was sent" },
  ])("is refused without a look-up: $because", ({ text }) => expect(parseApiKey(text)).toBeUndefined());

  it.each([
    { id: "short", secret, because: "the id is too short" },
    { id, secret: "not/base62", because: "the secret is not base62" },
  ])("is not made when $because, and the error does not show the secret", ({ id, secret }) => {
    expect(() => formatApiKey(id, secret)).toThrow(RangeError);
    expect(() => formatApiKey(id, secret)).not.toThrow(secret);
  });
});

describe("random base62", () => {
  it("skips bytes from 248 on, because they would make the first eight characters likelier", () => {
    expect(randomBase62(Uint8Array.of(248, 255, 0, 61, 62, 247), 4)).toBe("0z0z");
  });

  it("takes every character equally often from all bytes", () => {
    const text = randomBase62(
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
      248,
    );
    const counts = Map.groupBy(text, (character) => character);
    expect(counts.size).toBe(62);
    expect(new Set([...counts.values()].map(({ length }) => length))).toEqual(new Set([4]));
  });

  it("throws when the bytes run out, because a shorter secret is a weaker one", () => {
    expect(() => randomBase62(Uint8Array.of(1, 2, 255), 3)).toThrow(RangeError);
  });
});

describe("a key's digest", () => {
  it("is HMAC-SHA-256 of the whole key in hex, as any other tool would compute it", async () => {
    const expected = createHmac("sha256", Buffer.alloc(32, 1)).update(key).digest("hex");
    expect(await digestApiKey(key, await pepper(1))).toBe(expected);
  });

  it("differs under another pepper, so a stolen table alone opens nothing", async () => {
    expect(await digestApiKey(key, await pepper(1))).not.toBe(await digestApiKey(key, await pepper(2)));
  });

  it.each([" ", "c2hvcnQ=", "not base64!", Buffer.alloc(33).toString("base64")])(
    "takes 32 bytes as a pepper and does not show anything else: %j",
    async (text) => {
      await expect(importPepper(text)).rejects.toThrow(/^A pepper is base64 of 32 bytes\.$/);
    },
  );

  it.each([
    { a: "abcd", b: "abcd", same: true, because: "they are equal" },
    { a: "abcd", b: "abce", same: false, because: "the last character differs" },
    { a: "abcd", b: "bbcd", same: false, because: "the first character differs" },
    { a: "abcd", b: "abc", same: false, because: "one is longer" },
    { a: "abc", b: "abcd", same: false, because: "the other is longer" },
  ])("compares as $same: $because", ({ a, b, same }) => expect(sameDigest(a, b)).toBe(same));
});

describe("what a request presents", () => {
  it.each([
    { fields: { "x-api-key": "a" }, is: "a", because: "it is the upstream's own field" },
    { fields: { authorization: "Bearer a" }, is: "a", because: "it is the standard's" },
    { fields: { authorization: "bearer a" }, is: "a", because: "schemes have no case" },
    { fields: {}, is: undefined, because: "there is nothing" },
    { fields: { "x-api-key": "a", authorization: "Bearer a" }, is: undefined, because: "it is there twice" },
    { fields: { authorization: "Basic a" }, is: undefined, because: "it is another scheme" },
    { fields: { authorization: "Bearer a b" }, is: undefined, because: "a token has no space" },
  ])("in $fields is $is: $because", ({ fields, is }) => {
    expect(presentedCredential(new Headers(fields))).toBe(is);
  });
});
