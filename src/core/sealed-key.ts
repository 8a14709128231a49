import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import type { SealedUpstreamKey } from "./tenant.ts";

/** AES-256, with the 96-bit nonce that GCM is made for (NIST SP 800-38D, section 5.2.1.1). */
const KEY_BYTES = 32;
const IV_BYTES = 12;

type Seal = {
  /** The upstream key in clear. */
  readonly clear: string;
  readonly id: string;
  readonly tenantId: string;
  readonly version: number;
  readonly downloadTier: boolean;
  readonly kekVersion: number;
  readonly kek: CryptoKey;
  readonly random: (bytes: number) => Uint8Array;
};

/** A wrapping key from base64 of exactly 32 bytes. Throws, without showing it, when it is not that. */
export async function importKek(base64: string): Promise<CryptoKey> {
  const bytes = fromBase64(base64);
  if (bytes?.length !== KEY_BYTES) throw new RangeError(`A key-encryption key is base64 of ${KEY_BYTES} bytes.`);
  return importAes(bytes);
}

/**
 * Encrypts an upstream key with a data key of its own, and that with the wrapping key: rotating the wrapping key re-encrypts 32 bytes
 * and never touches the secret. Both layers are bound to the owner, so that a row copied to another tenant or version does not open.
 */
export async function seal({
  clear,
  kek,
  kekVersion,
  downloadTier,
  random,
  ...owner
}: Seal): Promise<SealedUpstreamKey> {
  const { id, tenantId, version } = owner;
  const dataKey = Uint8Array.from(random(KEY_BYTES));
  const wrapIv = Uint8Array.from(random(IV_BYTES));
  const iv = Uint8Array.from(random(IV_BYTES));
  const wrapped = await crypto.subtle.encrypt(gcm(wrapIv, "data-key", owner), kek, dataKey);
  const sealed = await crypto.subtle.encrypt(gcm(iv, "upstream-key", owner), await importAes(dataKey), utf8(clear));
  return {
    id,
    tenantId,
    version,
    downloadTier,
    kekVersion,
    wrapIv: toBase64(wrapIv),
    wrappedKey: toBase64(new Uint8Array(wrapped)),
    iv: toBase64(iv),
    ciphertext: toBase64(new Uint8Array(sealed)),
  };
}

/** The upstream key in clear, or nothing when it does not open: an unknown wrapping key, a changed byte, another owner. */
export async function open(
  sealed: SealedUpstreamKey,
  keks: ReadonlyMap<number, CryptoKey>,
): Promise<string | undefined> {
  const kek = keks.get(sealed.kekVersion);
  const [wrapIv, wrappedKey, iv, ciphertext] = [sealed.wrapIv, sealed.wrappedKey, sealed.iv, sealed.ciphertext].map(
    fromBase64,
  );
  if (!kek || !wrapIv || !wrappedKey || !iv || !ciphertext) return undefined;
  try {
    const dataKey = await crypto.subtle.decrypt(gcm(wrapIv, "data-key", sealed), kek, wrappedKey);
    const clear = await crypto.subtle.decrypt(gcm(iv, "upstream-key", sealed), await importAes(dataKey), ciphertext);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(clear);
  } catch {
    return undefined;
  }
}

type Owner = { readonly id: string; readonly tenantId: string; readonly version: number };

/** The layer is part of what is bound: a wrapped data key can then never pass for a sealed upstream key, or the other way round. */
function gcm(iv: Uint8Array, layer: string, { tenantId, id, version }: Owner): SubtleCryptoEncryptAlgorithm {
  return { name: "AES-GCM", iv, additionalData: utf8(JSON.stringify([layer, tenantId, id, version])) };
}

function importAes(bytes: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}
