import { describe, expect, it } from "vitest";
import { platformKeyring, vaultUpstreamKeys } from "../../src/adapters/vault-upstream-keys.ts";
import { importKek, seal } from "../../src/core/sealed-key.ts";
import { silentLog } from "../support/silent-log.ts";

const TENANT = "00000000-0000-4000-8000-000000000001";

async function setUp() {
  let nowMs = 1_000_000;
  const kek = await importKek(Buffer.alloc(32, 7).toString("base64"));
  const keks = new Map([[1, kek]]);
  const sealed = await sealedKey(kek, 1);
  const settings = {
    platformKeys: platformKeyring(["platform-key-1234", "platform-key-5678"], [50]),
    ownKeyCap: 200,
    keks: async () => keks,
    clock: () => nowMs,
  };
  const advance = (ms: number) => void (nowMs += ms);
  return { keys: vaultUpstreamKeys(settings, silentLog), sealed, kek, keks, advance };
}

function sealedKey(kek: CryptoKey, version: number) {
  return seal({
    clear: "tenants-own-key",
    id: "0199c0de-0000-7000-8000-00000000b100",
    tenantId: TENANT,
    version,
    downloadTier: true,
    kekVersion: 1,
    kek,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  });
}

describe("the vault", () => {
  it("opens a tenant's sealed key, under the name that the ledger books it by", async () => {
    const { keys, sealed } = await setUp();
    expect(await keys.open({ kind: "byo", sealed })).toEqual({
      kind: "opened",
      keys: [{ id: sealed.id, secret: "tenants-own-key", cap: 200, owner: "tenant" }],
    });
  });

  it("forgets the clear key after 60 s, so that it must be opened again", async () => {
    const { keys, sealed, keks, advance } = await setUp();
    await keys.open({ kind: "byo", sealed });
    keks.clear();
    advance(59_999);
    expect((await keys.open({ kind: "byo", sealed })).kind).toBe("opened");
    advance(1);
    expect((await keys.open({ kind: "byo", sealed })).kind).toBe("unavailable");
  });

  it("keeps a thousand clear keys at the most, and forgets the one that was opened first", async () => {
    const { keys, sealed, keks, kek } = await setUp();
    await keys.open({ kind: "byo", sealed });
    for (let version = 2; version <= 1_001; version += 1)
      await keys.open({ kind: "byo", sealed: await sealedKey(kek, version) });
    keks.clear();
    expect((await keys.open({ kind: "byo", sealed })).kind).toBe("unavailable");
  });

  it("opens nothing that was sealed for another tenant, however it got here", async () => {
    const { keys, sealed } = await setUp();
    await keys.open({ kind: "byo", sealed });
    const stolen = { ...sealed, tenantId: "00000000-0000-4000-8000-000000000002" };
    expect((await keys.open({ kind: "byo", sealed: stolen })).kind).toBe("unavailable");
  });

  it("never pays with the platform's key for a tenant whose own is gone", async () => {
    const { keys } = await setUp();
    expect(await keys.open({ kind: "none" })).toEqual({ kind: "unavailable" });
  });

  it("names each platform key by a digest, so that the books survive a new order of the keys and show no part of one", async () => {
    const { keys } = await setUp();
    const id = expect.stringMatching(/^platform-[0-9a-f]{8}$/);
    expect(await keys.open({ kind: "platform" })).toEqual({
      kind: "opened",
      keys: [
        { id, owner: "platform", secret: "platform-key-1234", cap: 50 },
        { id, owner: "platform", secret: "platform-key-5678", cap: 200 },
      ],
    });
    const idsOf = async (secrets: readonly string[]) => (await platformKeyring(secrets, [])()).map(({ id }) => id);
    const order = await idsOf(["platform-key-1234", "platform-key-5678"]);
    expect(await idsOf(["platform-key-5678", "platform-key-1234"])).toEqual(order.toReversed());
    expect(new Set(order).size).toBe(2);
  });

  it("has nothing to pay with when no platform key is set", async () => {
    const settings = {
      platformKeys: platformKeyring([], []),
      ownKeyCap: 200,
      keks: async () => new Map(),
      clock: () => 0,
    };
    expect(await vaultUpstreamKeys(settings, silentLog).open({ kind: "platform" })).toEqual({ kind: "unavailable" });
  });
});
