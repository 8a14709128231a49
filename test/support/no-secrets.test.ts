import { describe, expect, it } from "vitest";
import { leaksIn } from "./no-secrets.ts";
import { Seen } from "./seen.ts";

const KEY = "tke_live_AAAAAAAAAAAA_abcdefghijABCDEFGHIJ0123456789ab_CCCCCC";
const PEPPER = Buffer.from("0123456789abcdef0123456789abcd?>").toString("base64");

const seen = new Seen();
seen.secret("the key", KEY);
seen.settings({ KEY_PEPPERS: `1:${PEPPER}`, DATABASE_URL_RW: "postgresql://app:pass%20word@db.example/t" });
const found = (text: string) => leaksIn("a log", [text], seen.secrets()).length > 0;

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("a secret is found", () => {
  it.each([
    { as: "itself", text: `key=${KEY};` },
    { as: "its secret part alone", text: "abcdefghijABCDEFGHIJ0123456789ab" },
    { as: "a handle, in lower case", text: `"username":"${KEY.toLowerCase()}"` },
    { as: "hex", text: `\\x${Buffer.from(`-${KEY}-`).toString("hex")}` },
    { as: "a list of bytes", text: JSON.stringify([...Buffer.from(KEY)]) },
    { as: "base64 from the beginning of a group", text: base64(`${KEY}, and more`) },
    { as: "base64 from its middle", text: base64(`x${KEY}, and more`) },
    { as: "base64 from its end", text: base64(`{"${KEY}":1}`) },
    { as: "a password, decoded", text: "pass word" },
    { as: "a password, as in the URL", text: "pass%20word" },
    { as: "a pepper in base64", text: PEPPER },
    { as: "a pepper in base64 for URLs", text: PEPPER.replaceAll("+", "-").replaceAll("/", "_") },
    { as: "a pepper's bytes in hex", text: Buffer.from(PEPPER, "base64").toString("hex").toUpperCase() },
  ])("as $as", ({ text }) => expect(found(text)).toBe(true));

  it.each([
    { text: KEY.slice(0, 21), because: "the id of a key is public" },
    { text: KEY.slice(-4), because: "so are its last four characters" },
    { text: "1:", because: "versions are no secrets" },
  ])("but not in $text, because $because", ({ text }) => expect(found(text)).toBe(false));
});
