import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import type { SealedUpstreamKey } from "./tenant.ts";

/** AES-256, with the 96-bit nonce that GCM is made for (NIST SP 800-38D, section 5.2.1.1). */
const KEY_BYTES = 32;
const IV_BYTES = 12;

/** Whose secret it is, and which one: both layers of the encryption are bound to it. */
type Owner = { readonly id: string; readonly tenantId: string; readonly version: number };

/** A secret encrypted with a data key of its own, which is encrypted with a versioned wrapping key. Binary fields are base64. */
export type SealedSecret = Owner &
  Pick<SealedUpstreamKey, "kekVersion" | "wrapIv" | "wrappedKey" | "iv" | "ciphertext">;

/** What a secret is for. It is bound too: a tenant's webhook secret put in the place of its upstream key does not open. */
export type SecretKind = "upstream-key" | "webhook-secret";

type Sealing = {
  /** The secret in clear. */
  readonly clear: string;
  readonly kekVersion: number;
  readonly kek: CryptoKey;
  readonly random: (bytes: number) => Uint8Array;
};

type Keks = ReadonlyMap<number, CryptoKey>;

/** A wrapping key from base64 of exactly 32 bytes. Throws, without showing it, when it is not that. */
export async function importKek(base64: string): Promise<CryptoKey> {
  const bytes = fromBase64(base64);
  if (bytes?.length !== KEY_BYTES) throw new RangeError(`A key-encryption key is base64 of ${KEY_BYTES} bytes.`);
  return importAes(bytes);
}

/**
 * Encrypts a secret with a data key of its own, and that with the wrapping key: rotating the wrapping key re-encrypts 32 bytes and never
 * touches the secret. Both layers are bound to the owner, so that a row copied to another tenant or version does not open.
 */
export async function sealSecret(kind: SecretKind, { id, tenantId, version, ...given }: Owner & Sealing) {
  const { clear, kek, kekVersion, random } = given;
  const owner = { id, tenantId, version };
  const dataKey = Uint8Array.from(random(KEY_BYTES));
  const iv = Uint8Array.from(random(IV_BYTES));
  const wrapping = await wrap(dataKey, owner, { kek, kekVersion, random });
  const sealed = await crypto.subtle.encrypt(gcm(iv, kind, owner), await importAes(dataKey), utf8(clear));
  return {
    ...owner,
    ...wrapping,
    iv: toBase64(iv),
    ciphertext: toBase64(new Uint8Array(sealed)),
  } satisfies SealedSecret;
}

/** The secret in clear, or nothing when it does not open: an unknown wrapping key, a changed byte, another owner or kind. */
export async function openSecret(kind: SecretKind, sealed: SealedSecret, keks: Keks): Promise<string | undefined> {
  const dataKey = await unwrap(sealed, keks);
  const [iv, ciphertext] = [sealed.iv, sealed.ciphertext].map(fromBase64);
  if (!dataKey || !iv || !ciphertext) return undefined;
  try {
    const clear = await crypto.subtle.decrypt(gcm(iv, kind, sealed), await importAes(dataKey), ciphertext);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(clear);
  } catch {
    return undefined;
  }
}

/** An upstream key, sealed, with the tier that is read without opening it. */
export async function seal(key: Owner & Sealing & Pick<SealedUpstreamKey, "downloadTier">): Promise<SealedUpstreamKey> {
  return { ...(await sealSecret("upstream-key", key)), downloadTier: key.downloadTier };
}

/** The upstream key in clear, or nothing when it does not open. */
export function open(sealed: SealedUpstreamKey, keks: Keks): Promise<string | undefined> {
  return openSecret("upstream-key", sealed, keks);
}

/**
 * The same secret under another wrapping key, or nothing when the old wrapping does not open. Only the data key is decrypted: the secret
 * in clear never exists here, and its ciphertext stays what it is.
 */
export async function rewrap<Sealed extends SealedSecret>(
  sealed: Sealed,
  keks: Keks,
  to: Omit<Sealing, "clear">,
): Promise<Sealed | undefined> {
  const dataKey = await unwrap(sealed, keks);
  return dataKey === undefined ? undefined : { ...sealed, ...(await wrap(dataKey, sealed, to)) };
}

async function wrap(dataKey: BufferSource, owner: Owner, { kek, kekVersion, random }: Omit<Sealing, "clear">) {
  const wrapIv = Uint8Array.from(random(IV_BYTES));
  const wrapped = await crypto.subtle.encrypt(gcm(wrapIv, "data-key", owner), kek, dataKey);
  return { kekVersion, wrapIv: toBase64(wrapIv), wrappedKey: toBase64(new Uint8Array(wrapped)) };
}

async function unwrap(sealed: SealedSecret, keks: Keks): Promise<ArrayBuffer | undefined> {
  const kek = keks.get(sealed.kekVersion);
  const [wrapIv, wrappedKey] = [sealed.wrapIv, sealed.wrappedKey].map(fromBase64);
  if (!kek || !wrapIv || !wrappedKey) return undefined;
  try {
    return await crypto.subtle.decrypt(gcm(wrapIv, "data-key", sealed), kek, wrappedKey);
  } catch {
    return undefined;
  }
}

/** The layer is part of what is bound: a wrapped data key can then never pass for a sealed secret, or one kind of secret for the other. */
function gcm(iv: Uint8Array, layer: string, { tenantId, id, version }: Owner): SubtleCryptoEncryptAlgorithm {
  return { name: "AES-GCM", iv, additionalData: utf8(JSON.stringify([layer, tenantId, id, version])) };
}

function importAes(bytes: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}
