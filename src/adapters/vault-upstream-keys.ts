import type { Log, UpstreamKeys } from "../core/ports.ts";
import { open } from "../core/sealed-key.ts";
import type { SealedUpstreamKey } from "../core/tenant.ts";

/** How long a clear key may stay in isolate memory, milliseconds. */
const CLEAR_MS = 60_000;
const MOST_CLEAR_KEYS = 1_000;

export type VaultSettings = {
  /** The platform's keys, the first being the one in use. */
  readonly platformKeys: readonly string[];
  readonly keks: Promise<ReadonlyMap<number, CryptoKey>>;
  readonly clock: () => number;
};

type Clear = { readonly secret: string; readonly untilMs: number };

/**
 * Opens sealed upstream keys with the wrapping keys of the Worker's secrets. Fails closed: a key that does not open pays for nothing.
 * Clear keys are dropped after 60 s.
 */
export function vaultUpstreamKeys({ platformKeys, keks, clock }: VaultSettings, log: Log): UpstreamKeys {
  const clear = new Map<string, Clear>();
  const openSealed = async (sealed: SealedUpstreamKey): Promise<string | undefined> => {
    const slot = `${sealed.id}:${sealed.version}`;
    const known = clear.get(slot);
    if (known !== undefined && known.untilMs > clock()) return known.secret;
    dropExpired(clear, clock());
    const secret = await open(sealed, await keks);
    if (secret !== undefined) clear.set(slot, { secret, untilMs: clock() + CLEAR_MS });
    return secret;
  };
  return {
    async open(ref) {
      if (ref.kind === "none") return { kind: "unavailable" };
      if (ref.kind === "platform") return openPlatform(platformKeys);
      const secret = await openSealed(ref.sealed);
      if (secret !== undefined) return { kind: "opened", id: ref.sealed.id, secret };
      log.error("upstream-key-does-not-open", { upstreamKeyId: ref.sealed.id, version: ref.sealed.version });
      return { kind: "unavailable" };
    },
  };
}

function openPlatform([secret]: readonly string[]) {
  return secret === undefined
    ? ({ kind: "unavailable" } as const)
    : ({ kind: "opened", id: `platform-${secret.slice(-4)}`, secret } as const);
}

function dropExpired(clear: Map<string, Clear>, nowMs: number): void {
  for (const [slot, { untilMs }] of clear) if (untilMs <= nowMs || clear.size >= MOST_CLEAR_KEYS) clear.delete(slot);
}
