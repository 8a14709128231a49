import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { neonGatewayKeys } from "../../src/adapters/neon-gateway-keys.ts";
import type { Acted } from "../../src/core/act.ts";
import type { GatewayKeys, NewKey } from "../../src/core/control-ports.ts";
import { KeyView } from "../../src/core/resources.ts";
import { atOnce } from "../support/at-once.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { everyPage } from "../support/pages.ts";
import { ABSENT, sampleAct, sampleMaterial, sampleRights } from "../support/sample-acts.ts";
import { statementsOf } from "../support/sql-tap.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const ENDED = { kind: "conflict", because: "The key has expired, or was revoked or rotated already." };
const act = sampleAct();

let database: NeonTenancy;
let keys: GatewayKeys;
beforeAll(async () => {
  database = await neonTenancy();
  keys = neonGatewayKeys(database.connectAs("rw"));
  await database.owner.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET TimeZone = 'Asia/Tokyo'`);
});
beforeEach(async () => {
  await database.owner.query("DELETE FROM app.api_keys");
});
afterAll(() => database.close());

function row(acted: Acted<KeyView>): KeyView {
  if (acted.kind !== "done") throw new Error(`the act is ${acted.kind}`);
  return v.parse(v.strictObject(KeyView.entries), acted.row);
}

const issue = (id: string, rights: Partial<NewKey> = {}, tenantId = TENANT_A) =>
  keys.issue(act, tenantId, { material: sampleMaterial(id), rights: sampleRights(rights) });
const rotate = (keyId: string, heir: string, overlapSeconds = 60) =>
  keys.rotate(act, TENANT_A, { keyId, material: sampleMaterial(heir), overlapSeconds });

describe("a key", () => {
  it.each([
    { rights: {}, kind: "for servers" },
    {
      kind: "for browsers",
      rights: {
        kind: "publishable",
        name: `page, "quoted" {and} braced`,
        permissions: ["data", "refresh"],
        endpoints: ["/userid/", "/post-detail/"],
        origins: ["https://app.example.com", "http://localhost:3000"],
        daily_requests: 1_000,
        expires_at: "2027-01-31T12:00:00.000Z",
      },
    },
  ] as const)("$kind is issued and found as it was asked for", async ({ rights }) => {
    const asked = sampleRights(structuredClone(rights) as Partial<NewKey>);
    const issued = row(await issue("KeyNumber001", asked));
    expect(issued).toMatchObject({ ...asked, id: "KeyNumber001", last4: "r001", revoked_at: null, last_used_on: null });
    expect(Date.parse(issued.created_at)).toBeCloseTo(Date.now(), -5);
    expect(await keys.find(TENANT_A, "KeyNumber001")).toEqual(issued);
  });

  it("is kept as its digest, under the pepper that made it", async () => {
    await issue("KeyNumber001");
    const { rows } = await database.owner.query(
      "SELECT encode(digest, 'hex') AS digest, pepper_version FROM app.api_keys",
    );
    expect(rows).toEqual([{ digest: "0f".repeat(32), pepper_version: 3 }]);
  });

  it("is not issued to a tenant that is not there or was deleted", async () => {
    expect(await issue("KeyNumber001", {}, ABSENT)).toEqual({ kind: "absent" });
    await database.owner.query("UPDATE app.tenants SET deleted_at = now() WHERE id = $1", [TENANT_A]);
    expect(await issue("KeyNumber001")).toEqual({ kind: "absent" });
    await database.owner.query("UPDATE app.tenants SET deleted_at = NULL WHERE id = $1", [TENANT_A]);
  });

  it("is revoked once: again says since when", async () => {
    await issue("KeyNumber001");
    const { revoked_at } = row(await keys.revoke(act, TENANT_A, "KeyNumber001"));
    expect(Date.parse(revoked_at ?? "")).toBeCloseTo(Date.now(), -5);
    expect(row(await keys.revoke(act, TENANT_A, "KeyNumber001")).revoked_at).toBe(revoked_at);
  });

  it("is noted as used on a day, never on an earlier one, for notes come late", async () => {
    await issue("KeyNumber001");
    for (const day of ["2026-11-20", "2026-11-21", "2026-11-20"]) await keys.touch(TENANT_A, "KeyNumber001", day);
    await keys.touch(TENANT_B, "KeyNumber001", "2026-12-01");
    const found = v.parse(KeyView, await keys.find(TENANT_A, "KeyNumber001"));
    expect(found.last_used_on).toBe("2026-11-21");
  });
});

describe("rotating a key", () => {
  const rights = { name: "page", endpoints: ["/userid/"], expires_at: "2027-01-31T12:00:00.000Z" };

  it("gives its heir its rights and its end, and ends it after the overlap", async () => {
    const old = row(await issue("KeyNumber001", rights));
    const heir = row(await rotate("KeyNumber001", "HeirNumber01"));
    expect(heir).toEqual({ ...old, id: "HeirNumber01", last4: "er01", created_at: heir.created_at });
    const { expires_at, ...rest } = v.parse(KeyView, await keys.find(TENANT_A, "KeyNumber001"));
    expect(rest).toEqual({ ...old, expires_at: undefined });
    expect(Date.parse(expires_at ?? "") - Date.now()).toBeCloseTo(60_000, -4);
  });

  it("does not lengthen the life of a key that ends before the overlap does", async () => {
    const soon = new Date(Date.now() + 30_000).toISOString();
    await issue("KeyNumber001", { expires_at: soon });
    await rotate("KeyNumber001", "HeirNumber01", 3_600);
    expect(await keys.find(TENANT_A, "KeyNumber001")).toMatchObject({ expires_at: soon });
    expect(await keys.find(TENANT_A, "HeirNumber01")).toMatchObject({ expires_at: soon });
  });

  it.each(["revoked_at = now()", "expires_at = now()", "replaced_by = 'HeirNumber00'"])(
    "is a conflict when the key has %s",
    async (state) => {
      await issue("KeyNumber001");
      await database.owner.query(`UPDATE app.api_keys SET ${state}`);
      expect(await rotate("KeyNumber001", "HeirNumber01")).toEqual(ENDED);
      expect(await keys.find(TENANT_A, "HeirNumber01")).toBeUndefined();
    },
  );

  it("twice at once leaves one heir, because of two one would be forgotten and live on", async () => {
    await issue("KeyNumber001");
    const twins = await atOnce(database.owner, "SELECT FROM app.api_keys FOR UPDATE", [
      () => rotate("KeyNumber001", "HeirNumber01"),
      () => rotate("KeyNumber001", "HeirNumber02"),
    ]);
    expect(twins.map(({ kind }) => kind).toSorted()).toEqual(["conflict", "done"]);
    expect((await database.owner.query("SELECT FROM app.api_keys")).rowCount).toBe(2);
  });

  it("while it is revoked leaves it revoked, whichever is first", async () => {
    await issue("KeyNumber001");
    await atOnce<Acted<KeyView>>(database.owner, "SELECT FROM app.api_keys FOR UPDATE", [
      () => rotate("KeyNumber001", "HeirNumber01"),
      () => keys.revoke(act, TENANT_A, "KeyNumber001"),
    ]);
    const { revoked_at } = v.parse(KeyView, await keys.find(TENANT_A, "KeyNumber001"));
    expect(revoked_at).not.toBeNull();
  });
});

it("treats another tenant's key like one that is not there, in the same statements", async () => {
  await issue("KeyOfAnother", {}, TENANT_B);
  const before = await keys.find(TENANT_B, "KeyOfAnother");
  const everything = (keyId: string, heir: string) => [
    async () => (await keys.find(TENANT_A, keyId)) ?? { kind: "absent" },
    () => rotate(keyId, heir),
    () => keys.revoke(act, TENANT_A, keyId),
    async () => (await keys.touch(TENANT_A, keyId, "2026-11-20")) ?? { kind: "absent" },
  ];
  const [foreign, absent] = [everything("KeyOfAnother", "HeirNumber01"), everything("KeyOfNobody0", "HeirNumber02")];
  for (const [at, perform] of foreign.entries()) {
    const results: unknown[] = [];
    const ofForeign = await statementsOf(async () => results.push(await perform()));
    const ofAbsent = await statementsOf(async () => results.push(await absent[at]?.()));
    expect(ofForeign).toEqual(ofAbsent);
    expect(results).toEqual([{ kind: "absent" }, { kind: "absent" }]);
  }
  expect(await keys.find(TENANT_B, "KeyOfAnother")).toEqual(before);
});

it("lists a tenant's keys once each, in pages of every size", async () => {
  const ids = ["AAAAAAAAAAAA", "Zzzzzzzzzzzz", "aaaaaaaaaaaa", "zzzzzzzzzzzz"];
  for (const id of ids) await issue(id);
  await issue("BBBBBBBBBBBB", {}, TENANT_B);
  const listed = await everyPage((page) => keys.list(TENANT_A, page));
  expect(listed.map((key) => v.parse(KeyView, key).id).toSorted()).toEqual(ids);
});
