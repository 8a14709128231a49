import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { neonAuditLog, neonOutcomes, neonUsers } from "../../src/adapters/neon-people.ts";
import type { Acted } from "../../src/core/act.ts";
import type { AuditLog, Users } from "../../src/core/control-ports.ts";
import { AuditView, UserView } from "../../src/core/resources.ts";
import type { UserRole } from "../../src/core/resources.ts";
import { atOnce } from "../support/at-once.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { everyPage } from "../support/pages.ts";
import { ABSENT, repeatable, sampleAct } from "../support/sample-acts.ts";
import { statementsOf } from "../support/sql-tap.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const OWNERLESS = { kind: "conflict", because: "The tenant would be left without an owner." };
const [ANN, BOB, EVE] = ["1", "2", "3"].map((last) => `0199c0de-0000-7000-8000-00000000ee0${last}`) as [
  string,
  string,
  string,
];
const act = sampleAct();

let database: NeonTenancy;
let users: Users;
let log: AuditLog;
beforeAll(async () => {
  database = await neonTenancy();
  users = neonUsers(database.connectAs("rw"));
  log = neonAuditLog(database.connectAs("rw"));
});
beforeEach(async () => {
  await database.owner.query("DELETE FROM app.tenant_users");
});
afterAll(() => database.close());

const put = (userId: string, role: UserRole, tenantId = TENANT_A) =>
  users.put(act, tenantId, { userId, role, subject: `sub|${userId.slice(-2)}` });

function row(acted: Acted<UserView>): UserView {
  if (acted.kind !== "done") throw new Error(`the act is ${acted.kind}`);
  return v.parse(v.strictObject(UserView.entries), acted.row);
}

async function owners(): Promise<string[]> {
  const { rows } = await users.list(TENANT_A, { limit: 100, after: null });
  return rows.filter(({ role }) => role === "owner").map(({ user_id }) => user_id);
}

describe("a person", () => {
  it("is added, changed and removed", async () => {
    const added = row(await put(ANN, "member"));
    expect(added).toMatchObject({ user_id: ANN, subject: "sub|01", role: "member" });
    expect(row(await put(ANN, "owner"))).toEqual({ ...added, role: "owner" });
    await put(BOB, "owner");
    expect(row(await users.remove(act, TENANT_A, ANN))).toEqual({ ...added, role: "owner" });
    expect(await users.membership(TENANT_A, ANN)).toBeUndefined();
  });

  it("belongs to a tenant with a role, while the tenant is there", async () => {
    await put(ANN, "admin");
    expect(await users.membership(TENANT_A, ANN)).toEqual({ role: "admin", status: "active" });
    await database.owner.query("UPDATE app.tenants SET status = 'suspended' WHERE id = $1", [TENANT_A]);
    expect(await users.membership(TENANT_A, ANN)).toEqual({ role: "admin", status: "suspended" });
    await database.owner.query("UPDATE app.tenants SET deleted_at = now(), status = 'active' WHERE id = $1", [
      TENANT_A,
    ]);
    expect(await users.membership(TENANT_A, ANN)).toBeUndefined();
    expect(await put(BOB, "member")).toEqual({ kind: "absent" });
    await database.owner.query("UPDATE app.tenants SET deleted_at = NULL WHERE id = $1", [TENANT_A]);
  });

  it("may be one in two tenants, with a role in each", async () => {
    await put(ANN, "owner");
    await put(ANN, "member", TENANT_B);
    expect(await users.membership(TENANT_B, ANN)).toMatchObject({ role: "member" });
    expect(await users.membership(TENANT_A, ANN)).toMatchObject({ role: "owner" });
  });
});

describe("the last owner", () => {
  it("stays one, because nobody could make another", async () => {
    await put(ANN, "owner");
    await put(BOB, "admin");
    await put(EVE, "owner", TENANT_B);
    expect(await put(ANN, "member")).toEqual(OWNERLESS);
    expect(await users.remove(act, TENANT_A, ANN)).toEqual(OWNERLESS);
    expect(row(await put(ANN, "owner"))).toMatchObject({ role: "owner" });
    expect(await owners()).toEqual([ANN]);
  });

  it("is there also after two owners removed or demoted each other at once", async () => {
    await put(ANN, "owner");
    await put(BOB, "owner");
    const both = await atOnce(database.owner, "SELECT FROM app.tenant_users FOR UPDATE", [
      () => users.remove(act, TENANT_A, ANN),
      () => put(BOB, "member"),
    ]);
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(["conflict", "done"]);
    expect(await owners()).toHaveLength(1);
  });
});

it("treats a stranger, another tenant's person and an absent tenant alike, in the same statements", async () => {
  await put(EVE, "admin", TENANT_B);
  const everything = (tenantId: string, userId: string) => [
    async () => (await users.membership(tenantId, userId)) ?? { kind: "absent" },
    () => users.remove(act, tenantId, userId),
  ];
  const [known, ...others] = [
    everything(TENANT_A, EVE),
    everything(TENANT_A, ABSENT),
    everything(ABSENT, EVE),
    everything(ABSENT, ABSENT),
  ];
  for (const [at, perform] of (known ?? []).entries()) {
    const ofForeign = await statementsOf(perform);
    expect(await perform()).toEqual({ kind: "absent" });
    for (const other of others) {
      expect(await statementsOf(async () => other[at]?.())).toEqual(ofForeign);
      expect(await other[at]?.()).toEqual({ kind: "absent" });
    }
  }
  expect(await put(ANN, "owner", ABSENT)).toEqual({ kind: "absent" });
  expect(await users.membership(TENANT_B, EVE)).toMatchObject({ role: "admin" });
});

it("lists a tenant's people once each, in pages of every size", async () => {
  for (const userId of [BOB, EVE, ANN]) await put(userId, "owner");
  await put(ABSENT, "owner", TENANT_B);
  const listed = await everyPage((page) => users.list(TENANT_A, page));
  expect(listed.map((user) => v.parse(UserView, user).user_id)).toEqual([ANN, BOB, EVE]);
});

describe("the audit log", () => {
  it("tells what was done to a tenant, newest first, in pages of every size, also within one moment", async () => {
    await database.owner.query(
      `INSERT INTO app.audit_log (tenant_id, at, actor_kind, actor_id, action, subject, request_id, detail)
       SELECT CASE WHEN n = 9 THEN $2 ELSE $1 END::uuid, '2026-11-20T00:00:00Z', 'system', 'test', 'thing.do', n::text, 'r', '{}'
       FROM generate_series(1, 9) AS n`,
      [ABSENT, TENANT_B],
    );
    const listed = await everyPage((page) => log.list(ABSENT, page));
    expect(listed.map((line) => v.parse(AuditView, line).subject)).toEqual(["8", "7", "6", "5", "4", "3", "2", "1"]);
  });

  it("names the person who acted", async () => {
    await users.put(
      sampleAct({ actor: { kind: "user", userId: BOB, role: "owner" }, action: "user.set", subject: ANN }),
      TENANT_B,
      {
        userId: ANN,
        role: "member",
        subject: "sub",
      },
    );
    const [newest] = (await log.list(TENANT_B, { limit: 1, after: null })).rows;
    expect(newest).toMatchObject({ actor_kind: "user", actor_id: BOB, action: "user.set", subject: ANN });
  });
});

it("remembers outcomes per scope: a foreign one and an absent one are nothing, in the same statements", async () => {
  const outcomes = neonOutcomes(database.connectAs("rw"));
  const { idempotency, ...ofTenant } = repeatable(TENANT_A);
  await users.put({ ...ofTenant, idempotency }, TENANT_A, { userId: ANN, role: "member", subject: "sub" });
  expect(await outcomes.find(TENANT_A, idempotency.key)).toMatchObject({ fingerprint: "f", body: { user_id: ANN } });
  const ofForeign = await statementsOf(async () => {
    expect(await outcomes.find(TENANT_B, idempotency.key)).toBeUndefined();
  });
  expect(await statementsOf(() => outcomes.find(TENANT_B, "absent"))).toEqual(ofForeign);
});
