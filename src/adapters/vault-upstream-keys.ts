import { sha256, toHex } from "../core/bytes.ts";
import type { Log, OpenedKey, UpstreamKeys } from "../core/ports.ts";
import { open } from "../core/sealed-key.ts";
import type { SealedUpstreamKey } from "../core/tenant.ts";

/** How long a clear key may be used from isolate memory, milliseconds. */
const CLEAR_MS = 60_000;
const MOST_CLEAR_KEYS = 1_000;

/** The platform's keys in the order of the settings. */
export type PlatformKeyring = () => Promise<readonly OpenedKey[]>;

export type VaultSettings = {
  readonly platformKeys: PlatformKeyring;
  /** Of a tenant's own key: dispatches a minute. */
  readonly ownKeyCap: number;
  readonly keks: () => Promise<ReadonlyMap<number, CryptoKey>>;
  readonly clock: () => number;
};

type Clear = { readonly secret: string; readonly untilMs: number };

/**
 * Opens sealed upstream keys with the wrapping keys of the Worker's secrets. Fails closed: a key that does not open pays for nothing. A
 * clear key is used for 60 s at most, and only for the tenant that it was sealed for.
 */
export function vaultUpstreamKeys({ platformKeys, ownKeyCap, keks, clock }: VaultSettings, log: Log): UpstreamKeys {
  const clear = new Map<string, Clear>();
  const openSealed = async (sealed: SealedUpstreamKey): Promise<string | undefined> => {
    // Ids are unique within a tenant only: without it, two tenants' keys of one id would be one here.
    const slot = `${sealed.tenantId}:${sealed.id}:${sealed.version}`;
    dropExpired(clear, clock());
    const known = clear.get(slot);
    if (known !== undefined) return known.secret;
    const secret = await open(sealed, await keks());
    if (secret !== undefined) clear.set(slot, { secret, untilMs: clock() + CLEAR_MS });
    return secret;
  };
  return {
    async open(ref) {
      if (ref.kind === "none") return { kind: "unavailable" };
      if (ref.kind === "platform") {
        const keys = await platformKeys();
        if (keys.length > 0) return { kind: "opened", keys };
        log.error("no-platform-key");
        return { kind: "unavailable" };
      }
      const secret = await openSealed(ref.sealed);
      const { id } = ref.sealed;
      if (secret !== undefined) return { kind: "opened", keys: [{ id, owner: "tenant", secret, cap: ownKeyCap }] };
      log.error("upstream-key-does-not-open", { upstreamKeyId: ref.sealed.id, version: ref.sealed.version });
      return { kind: "unavailable" };
    },
  };
}

/** What a platform key is good for when the settings do not say: the upstream's own limit, dispatches a minute. */
const USUAL_CAP = 200;

/**
 * The platform's keys with their caps, which go by position. Each is named by a digest of it, so that the books survive a new order of the
 * keys and show no part of one.
 */
export function platformKeyring(secrets: readonly string[], caps: readonly number[]): PlatformKeyring {
  let named: Awaited<ReturnType<PlatformKeyring>> | undefined;
  // The keys are kept, never the promise: a promise of one request must not be awaited by another.
  return async () =>
    (named ??= await Promise.all(
      secrets.map(async (secret, at) => ({
        id: await nameOf(secret),
        owner: "platform" as const,
        secret,
        cap: caps[at] ?? USUAL_CAP,
      })),
    ));
}

async function nameOf(secret: string): Promise<string> {
  return `platform-${toHex(await sha256(secret)).slice(0, 8)}`;
}

/** In the order they were opened, which is the order they expire in. */
function dropExpired(clear: Map<string, Clear>, nowMs: number): void {
  for (const [slot, { untilMs }] of clear) {
    if (untilMs > nowMs && clear.size < MOST_CLEAR_KEYS) return;
    clear.delete(slot);
  }
}
