import { randomBytes, randomUUID } from "node:crypto";
import * as v from "valibot";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neonVault } from "../../src/adapters/neon-vault.ts";
import type { Act, Acted } from "../../src/core/act.ts";
import { PLATFORM } from "../../src/core/act.ts";
import type { Vault } from "../../src/core/control-ports.ts";
import { UpstreamKeyVersion } from "../../src/core/resources.ts";
import type { SealedUpstreamKey } from "../../src/core/tenant.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const RETIRES_AT = "2026-11-22T12:00:15.000Z";

const act = (action: string, rest: Partial<Act> = {}): Act => ({
  actor: { kind: "operator" },
  action,
  subject: PLATFORM,
  requestId: "request",
  ...rest,
});

const base64 = (length: number) => randomBytes(length).toString("base64");

/** As long as real ones: PostgreSQL breaks base64 into lines past 76 characters. */
function sealedKey(tenantId: string, version: number, kekVersion = 1): SealedUpstreamKey {
  const secret = { wrapIv: base64(12), wrappedKey: base64(48), iv: base64(12), ciphertext: base64(80) };
  return { id: randomUUID(), tenantId, version, downloadTier: false, kekVersion, ...secret };
}

describe("the vault in Postgres", () => {
  let tenancy: NeonTenancy;
  let vault: Vault;
  beforeAll(async () => {
    tenancy = await neonTenancy();
    vault = neonVault({ database: tenancy.connectAs("rw"), operatorsDatabase: tenancy.connectAs("ops") });
  });
  afterAll(() => tenancy.close());
  beforeEach(async () => {
    await tenancy.owner.query(
      `UPDATE app.tenants SET plan = 'pro', key_mode = 'shared', active_upstream_key_id = NULL, tiklive_key_last4 = NULL,
         fell_back_at = NULL, on_invalid_key = 'shared'`,
    );
    await tenancy.owner.query("DELETE FROM app.upstream_keys");
  });

  const pendingKey = async (tenantId: string, version: number) => {
    const sealed = sealedKey(tenantId, version);
    expect(await vault.add(act("add"), sealed, "1234")).toMatchObject({ kind: "done" });
    return sealed;
  };
  const swapTo = ({ tenantId, id }: SealedUpstreamKey, expected: string | null, rest: Partial<Act> = {}) =>
    vault.swap(act("swap", rest), { tenantId, id, downloadTier: true, expected, retiresAt: RETIRES_AT });
  const activeKey = async (tenantId = TENANT_A, version = 1, expected: string | null = null) => {
    const sealed = await pendingKey(tenantId, version);
    viewOf(await swapTo(sealed, expected));
    return sealed;
  };
  const tenantRow = async (id = TENANT_A) => {
    const { rows } = await tenancy.owner.query(
      "SELECT key_mode, active_upstream_key_id, tiklive_key_last4, fell_back_at FROM app.tenants WHERE id = $1",
      [id],
    );
    return rows[0] as Record<string, unknown>;
  };
  const secretBytes = async (id: string) => {
    const { rows } = await tenancy.owner.query(
      "SELECT octet_length(wrap_iv || wrapped_key || iv || ciphertext) AS bytes FROM app.upstream_keys WHERE id = $1",
      [id],
    );
    return Number(rows[0].bytes);
  };
  const audited = async (action: string) => {
    const { rows } = await tenancy.owner.query("SELECT tenant_id FROM app.audit_log WHERE action = $1", [action]);
    return rows.map((row) => String(row.tenant_id));
  };

  it("keeps a pending key that pays for nothing yet, and gives back what it was given", async () => {
    const sealed = await pendingKey(TENANT_A, 1);
    expect(await vault.sealed({ tenantId: TENANT_A, id: sealed.id })).toEqual(sealed);
    expect(await vault.state(TENANT_A)).toMatchObject({
      mode: "shared",
      allowed: true,
      activeId: null,
      versions: [{ id: sealed.id, version: 1, status: "pending", last4: "1234", retires_at: null, reason: null }],
    });
  });

  it("swaps the active key, says until when the old one may be used, and erases its secret at once", async () => {
    const first = await activeKey();
    const second = await pendingKey(TENANT_A, 2);
    expect(viewOf(await swapTo(second, first.id))).toMatchObject({ version: 2, status: "active", download_tier: true });
    const state = await vault.state(TENANT_A);
    expect(state).toMatchObject({ mode: "byo", activeId: second.id });
    expect(state?.versions.map(({ status, reason, retires_at: at }) => ({ status, reason, at }))).toEqual([
      { status: "active", reason: null, at: null },
      { status: "retired", reason: "replaced", at: RETIRES_AT },
    ]);
    expect(await tenantRow()).toMatchObject({ key_mode: "byo", tiklive_key_last4: "1234" });
    expect(await secretBytes(first.id)).toBe(0);
    expect(await vault.sealed({ tenantId: TENANT_A, id: first.id })).toBeUndefined();
  });

  it("lets one of two swaps win that began on the same active key, because the other probed against what is gone", async () => {
    const first = await activeKey();
    const rivals = [await pendingKey(TENANT_A, 2), await pendingKey(TENANT_A, 3)];
    const outcomes = await Promise.all(rivals.map((rival) => swapTo(rival, first.id)));
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["conflict", "done"]);
    const state = await vault.state(TENANT_A);
    expect(state?.versions.filter(({ status }) => status === "active")).toHaveLength(1);
  });

  it("gives two requests that want the same version one place", async () => {
    const outcomes = await Promise.all(
      [sealedKey(TENANT_A, 1), sealedKey(TENANT_A, 1)].map((sealed) => vault.add(act("add"), sealed, "1234")),
    );
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["conflict", "done"]);
  });

  it("keeps no key for a tenant that was deleted while it was on its way, because nobody would ever erase it", async () => {
    await tenancy.owner.query("UPDATE app.tenants SET deleted_at = now() WHERE id = $1", [TENANT_A]);
    const sealed = sealedKey(TENANT_A, 1);
    expect(await vault.add(act("add"), sealed, "1234")).toEqual({ kind: "absent" });
    await tenancy.owner.query("UPDATE app.tenants SET deleted_at = NULL WHERE id = $1", [TENANT_A]);
    expect((await vault.state(TENANT_A))?.versions).toEqual([]);
  });

  it("makes no key active that is not pending, or that the plan does not allow any more", async () => {
    const first = await pendingKey(TENANT_A, 1);
    viewOf(await vault.reject(act("reject"), { tenantId: TENANT_A, id: first.id, reason: "rejected" }));
    expect(await swapTo(first, null)).toMatchObject({ kind: "conflict" });
    expect(await secretBytes(first.id)).toBe(0);
    const second = await pendingKey(TENANT_A, 2);
    await tenancy.owner.query("UPDATE app.tenants SET plan = 'free'");
    expect(await swapTo(second, null)).toMatchObject({ kind: "conflict" });
    expect(await tenantRow()).toMatchObject({ key_mode: "shared" });
  });

  it("goes back to the platform's keys on request, with the plan's own quotas", async () => {
    const { id } = await activeKey();
    const given = await vault.giveUp(act("remove"), { tenantId: TENANT_A, id, retiresAt: RETIRES_AT });
    expect(viewOf(given)).toMatchObject({ status: "retired", reason: "removed", retires_at: RETIRES_AT });
    expect(await tenantRow()).toMatchObject({ key_mode: "shared", active_upstream_key_id: null, fell_back_at: null });
    expect(await secretBytes(id)).toBe(0);
    const again = await vault.giveUp(act("remove"), { tenantId: TENANT_A, id, retiresAt: RETIRES_AT });
    expect(again.kind, "it is not active any more").toBe("conflict");
  });

  it("puts the tenant of an invalid key on the platform's, and notes since when", async () => {
    const { id } = await activeKey();
    const event = { id: randomUUID(), type: "upstream_key.invalid", data: { version: 1 } } as const;
    const invalid = await vault.invalidate(act("invalidate", { event }), { tenantId: TENANT_A, id });
    expect(viewOf(invalid)).toMatchObject({ status: "invalid", reason: "failed" });
    const row = await tenantRow();
    expect(row).toMatchObject({ key_mode: "shared", active_upstream_key_id: null });
    expect(row["fell_back_at"]).not.toBeNull();
    const { rows } = await tenancy.owner.query("SELECT id FROM app.webhook_events WHERE tenant_id = $1", [TENANT_A]);
    expect(rows, "its owner is told in the same transaction").toEqual([{ id: event.id }]);
    expect(await secretBytes(id)).toBe(0);
  });

  it("leaves a tenant that would rather be refused at its invalid key, from which it may go to the platform's itself", async () => {
    await tenancy.owner.query("UPDATE app.tenants SET on_invalid_key = 'refuse'");
    const { id } = await activeKey();
    viewOf(await vault.invalidate(act("invalidate"), { tenantId: TENANT_A, id }));
    expect(await tenantRow()).toMatchObject({ key_mode: "byo", active_upstream_key_id: id, fell_back_at: null });
    const given = await vault.giveUp(act("remove"), { tenantId: TENANT_A, id, retiresAt: RETIRES_AT });
    expect(viewOf(given), "it was not in use any more").toMatchObject({ status: "invalid", reason: "failed" });
    expect(await tenantRow()).toMatchObject({ key_mode: "shared" });
  });

  it("swaps from an invalid key to a good one", async () => {
    await tenancy.owner.query("UPDATE app.tenants SET on_invalid_key = 'refuse'");
    const { id } = await activeKey();
    viewOf(await vault.invalidate(act("invalidate"), { tenantId: TENANT_A, id }));
    await activeKey(TENANT_A, 2, id);
    expect((await vault.state(TENANT_A))?.versions.map(({ status }) => status)).toEqual(["active", "invalid"]);
  });

  it("finds a key invalid once", async () => {
    const first = await activeKey();
    await activeKey(TENANT_A, 2, first.id);
    expect(await vault.invalidate(act("invalidate"), { tenantId: TENANT_A, id: first.id })).toEqual({ kind: "absent" });
    expect(await tenantRow()).toMatchObject({ key_mode: "byo" });
  });

  it("takes another tenant's key for none", async () => {
    const { id } = await activeKey(TENANT_B);
    const foreign = { tenantId: TENANT_A, id };
    expect(await vault.sealed(foreign)).toBeUndefined();
    expect(await vault.invalidate(act("foreign"), foreign)).toEqual({ kind: "absent" });
    expect(await vault.giveUp(act("foreign"), { ...foreign, retiresAt: RETIRES_AT })).toEqual({ kind: "absent" });
    expect(await vault.reject(act("foreign"), { ...foreign, reason: "rejected" })).toEqual({ kind: "absent" });
    expect(await tenantRow(TENANT_B)).toMatchObject({ key_mode: "byo" });
    expect(await audited("foreign"), "nothing was done, so nothing is noted").toEqual([]);
  });

  it("leads through the keys of all tenants that an older wrapping key wraps, and stores each new wrapping once", async () => {
    const [a, b] = [await activeKey(TENANT_A), await pendingKey(TENANT_B, 1)];
    const gone = await pendingKey(TENANT_B, 2);
    await vault.reject(act("reject"), { tenantId: TENANT_B, id: gone.id, reason: "rejected" });
    expect(await vault.countWrappedBefore(1)).toBe(0);
    expect(await vault.countWrappedBefore(2)).toBe(2);
    const listed = await vault.wrappedBefore(2, 10);
    expect(listed.map(({ id }) => id)).toEqual([a.id, b.id]);
    expect(await vault.wrappedBefore(2, 1)).toHaveLength(1);
    await tenancy.owner.query("UPDATE app.upstream_keys SET kek_version = 0 WHERE id = $1", [a.id]);
    expect(await vault.wrappedBefore(2, 1), "newest wrapping first").toEqual([b]);
    await tenancy.owner.query("UPDATE app.upstream_keys SET kek_version = 1 WHERE id = $1", [a.id]);
    const anew = { ...b, kekVersion: 2, wrapIv: base64(12), wrappedKey: base64(48) };
    expect(await vault.rewrap(anew, 1)).toBe(true);
    expect(await vault.rewrap({ ...anew, wrappedKey: base64(48) }, 1), "another call was first").toBe(false);
    expect(await vault.sealed({ tenantId: TENANT_B, id: b.id })).toEqual(anew);
    expect(await vault.countWrappedBefore(2)).toBe(1);
  });

  it("notes a rotation in the platform's log", async () => {
    const rotation = { version: 2, rewrapped: 5, unreadable: 0, remaining: 0 };
    expect(await vault.noteRotation(act("rotate"), rotation)).toEqual({ kind: "done", row: rotation });
    expect(await audited("rotate")).toEqual([PLATFORM]);
  });
});

/** Every row is what `/v1` says it is. */
function viewOf(acted: Acted<UpstreamKeyVersion>): UpstreamKeyVersion {
  if (acted.kind !== "done") throw new Error(`nothing was done: ${acted.kind}`);
  return v.parse(UpstreamKeyVersion, acted.row);
}
