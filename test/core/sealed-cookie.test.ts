import { beforeAll, describe, expect, it } from "vitest";
import { importPepper } from "../../src/core/api-key.ts";
import { openCookie, sealCookie } from "../../src/core/sealed-cookie.ts";

const NAME = "__Host-tikedge";
const CLEAR = JSON.stringify({ credential: "tke_live_secret", who: "Zoë" });

let old: CryptoKey;
let current: CryptoKey;
let filled = 0;

/** Other bytes each time, and the same in every run. */
const random = (length: number) => new Uint8Array(length).fill((filled += 1));
const under = (...peppers: readonly (readonly [number, CryptoKey])[]) => ({
  peppers: async () => new Map(peppers),
  random,
});

beforeAll(async () => {
  const pepper = (byte: number) => importPepper(Buffer.alloc(32, byte).toString("base64"));
  [old, current] = [await pepper(1), await pepper(2)];
});

describe("a sealed cookie", () => {
  it("opens to what was sealed, and is nothing but letters, digits and what a cookie takes unescaped", async () => {
    const text = await sealCookie(NAME, CLEAR, under([1, old]));
    expect(text).toMatch(/^1\.[\w-]+$/);
    expect(await openCookie(NAME, text, new Map([[1, old]]))).toBe(CLEAR);
  });

  it("shows nothing of what it holds, and is another one each time", async () => {
    const [one, other] = [
      await sealCookie(NAME, CLEAR, under([1, old])),
      await sealCookie(NAME, CLEAR, under([1, old])),
    ];
    expect(one).not.toBe(other);
    expect(Buffer.from(one.split(".")[1] ?? "", "base64url").toString("latin1")).not.toContain("tke_live");
  });

  it("is sealed under the newest pepper, and opens under an older one that is still there", async () => {
    const before = await sealCookie(NAME, CLEAR, under([1, old]));
    expect(await sealCookie(NAME, CLEAR, under([1, old], [2, current]))).toMatch(/^2\./);
    expect(
      await openCookie(
        NAME,
        before,
        new Map([
          [1, old],
          [2, current],
        ]),
      ),
    ).toBe(CLEAR);
  });

  const same = (text: string) => text;
  it.each([
    { because: "its pepper was taken away", change: same, version: 2, pepper: () => current },
    { because: "another pepper has its version", change: same, pepper: () => current },
    { because: "it is another cookie's", name: "__Host-other", change: same },
    { because: "its last byte was changed", change: flipped },
    { because: "it is cut off", change: (text: string) => text.slice(0, 12) },
    { because: "it was never one", change: () => "1.???" },
  ])("does not open when $because", async ({ change, name = NAME, version = 1, pepper = () => old }) => {
    const text = change(await sealCookie(NAME, CLEAR, under([1, old])));
    expect(await openCookie(name, text, new Map([[version, pepper()]]))).toBeUndefined();
  });
});

function flipped(text: string): string {
  const bytes = Buffer.from(text.slice(2), "base64url");
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return `1.${bytes.toString("base64url")}`;
}
