import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import { currentVersion } from "./versioned.ts";

type Peppers = ReadonlyMap<number, CryptoKey>;

/** A cookie's text: which pepper sealed it, then the nonce and what was sealed. */
const SEALED = /^(\d{1,9})\.([\w-]+)$/;

/** AES-256-GCM with its 96-bit nonce (NIST SP 800-38D, section 5.2.1.1). */
const IV_BYTES = 12;

/** Digests of keys are made with the same peppers: nothing that is digested there begins so. */
const LABEL = "tikedge sealed cookie 1";

export type Sealing = {
  readonly peppers: () => Promise<Peppers>;
  readonly random: (bytes: number) => Uint8Array;
};

/**
 * The text of a cookie that only we can read or make. It is bound to the cookie's name, so that one cookie never passes for another, and
 * sealed under the newest pepper: whoever takes a pepper away ends what was sealed under it.
 */
export async function sealCookie(name: string, clear: string, { peppers, random }: Sealing): Promise<string> {
  const { version, value: pepper } = currentVersion(await peppers());
  const iv = Uint8Array.from(random(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(gcm(iv, name), await keyFrom(pepper), utf8(clear));
  return `${version}.${toBase64Url(Uint8Array.from([...iv, ...new Uint8Array(sealed)]))}`;
}

/** What a cookie says, or nothing when it does not open: a changed byte, another cookie's text, a pepper that is gone. */
export async function openCookie(name: string, text: string, peppers: Peppers): Promise<string | undefined> {
  const [, version, encoded] = SEALED.exec(text) ?? [];
  const pepper = peppers.get(Number(version));
  const bytes = encoded === undefined ? undefined : fromBase64(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  if (pepper === undefined || bytes === undefined) return undefined;
  try {
    const algorithm = gcm(bytes.slice(0, IV_BYTES), name);
    const clear = await crypto.subtle.decrypt(algorithm, await keyFrom(pepper), bytes.slice(IV_BYTES));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(clear);
  } catch {
    return undefined;
  }
}

async function keyFrom(pepper: CryptoKey): Promise<CryptoKey> {
  const bytes = await crypto.subtle.sign("HMAC", pepper, utf8(LABEL));
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function gcm(iv: Uint8Array, name: string): SubtleCryptoEncryptAlgorithm {
  return { name: "AES-GCM", iv, additionalData: utf8(name) };
}

function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
