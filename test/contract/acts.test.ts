import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { neonActs } from "../../src/adapters/neon-acts.ts";
import { asOperator, withTenant } from "../../src/adapters/neon-database.ts";
import { neonGatewayKeys } from "../../src/adapters/neon-gateway-keys.ts";
import { neonAuditLog, neonOutcomes } from "../../src/adapters/neon-people.ts";
import { neonTenants } from "../../src/adapters/neon-tenants.ts";
import { PLATFORM } from "../../src/core/act.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import type { Tenants } from "../../src/core/control-ports.ts";
import { AuditView, TenantView } from "../../src/core/resources.ts";
import { atOnce } from "../support/at-once.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { ABSENT, repeatable, sampleAct, sampleMaterial, sampleRights } from "../support/sample-acts.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

let database: NeonTenancy;
let tenants: Tenants;
beforeAll(async () => {
  database = await neonTenancy();
  tenants = neonTenants({ ops: database.connectAs("ops"), rw: database.connectAs("rw"), keyRetireMs: 0 });
});
beforeEach(async () => {
  await database.owner.query("DELETE FROM app.idempotency_keys");
  await database.owner.query("UPDATE app.tenants SET status = 'active', name = right(upper(id::text), 1)");
});
afterAll(() => database.close());

const auditLog = () => neonAuditLog(database.connectAs("rw"));
const outcomes = () => neonOutcomes(database.connectAs("rw"));
const statusOf = async (tenantId: string) => (await tenants.find(tenantId))?.status;
const acts = async (tenantId: string) => (await auditLog().list(tenantId, { limit: 100, after: null })).rows;

describe("an act", () => {
  it("stands in the log of the tenant that it is done on: who, what, on what, in which request", async () => {
    const before = await acts(TENANT_A);
    await tenants.setStatus(
      sampleAct({ action: "tenant.suspend", subject: TENANT_A, requestId: "r-1", detail: { why: "unpaid" } }),
      TENANT_A,
      "suspended",
    );
    await tenants.setStatus(sampleAct({ actor: { kind: "system", name: "cron" } }), TENANT_A, "active");
    await tenants.setStatus(sampleAct({ actor: { kind: "user", userId: ABSENT, role: "owner" } }), TENANT_A, "active");
    const [byUser, bySystem, byOperator] = (await acts(TENANT_A)).map((row) => v.parse(AuditView, row));
    expect(byOperator).toMatchObject({
      actor_kind: "operator",
      actor_id: "operator",
      action: "tenant.suspend",
      subject: TENANT_A,
      request_id: "r-1",
      detail: { why: "unpaid" },
    });
    expect(bySystem).toMatchObject({ actor_kind: "system", actor_id: "cron", detail: {} });
    expect(byUser).toMatchObject({ actor_kind: "user", actor_id: ABSENT });
    expect(await acts(TENANT_A)).toHaveLength(before.length + 3);
  });

  it("is undone when it cannot be logged, because an act that nobody can see was done by nobody", async () => {
    await database.owner.query("ALTER TABLE app.audit_log ADD CONSTRAINT full_up CHECK (request_id <> 'unlucky')");
    const refused = tenants.setStatus(sampleAct({ requestId: "unlucky" }), TENANT_A, "suspended");
    await expect(refused).rejects.toThrow(/full_up/);
    await database.owner.query("ALTER TABLE app.audit_log DROP CONSTRAINT full_up");
    expect(await statusOf(TENANT_A)).toBe("active");
  });

  it("on nothing leaves no line, no outcome and no event behind", async () => {
    const act = { ...repeatable(PLATFORM), event: { id: ABSENT, type: "upstream_key.invalid" as const, data: {} } };
    const { event: _event, ...ofOperator } = act;
    expect(await tenants.setStatus(ofOperator, ABSENT, "suspended")).toEqual({ kind: "absent" });
    const perform = neonActs(database.connectAs("rw"), withTenant);
    const nothing = { tenantId: TENANT_A, change: sql`WITH act AS (SELECT 1 AS one WHERE false)` };
    expect(await perform(act, nothing)).toEqual({ kind: "absent" });
    expect(await outcomes().find(PLATFORM, act.idempotency.key)).toBeUndefined();
    expect(await acts(ABSENT)).toEqual([]);
    expect((await database.owner.query("SELECT FROM app.webhook_events")).rowCount).toBe(0);
  });

  it("announces its event in the same transaction", async () => {
    const event = { id: ABSENT, type: "upstream_key.invalid" as const, data: { last4: "abcd" } };
    const perform = neonActs(database.connectAs("rw"), withTenant);
    const something = { tenantId: TENANT_A, change: sql`WITH act AS (SELECT 1 AS one)` };
    expect(await perform(sampleAct({ event }), something)).toEqual({ kind: "done", row: { one: 1 } });
    const { rows } = await database.owner.query("SELECT tenant_id, id, type, data FROM app.webhook_events");
    expect(rows).toEqual([{ tenant_id: TENANT_A, ...event }]);
    // The same event again: nothing of the second act is kept.
    const before = await acts(TENANT_A);
    await expect(perform(sampleAct({ event }), something)).rejects.toThrow(/webhook_events/);
    expect(await acts(TENANT_A)).toEqual(before);
  });

  it("is unavailable when its reply is lost, and was done: so the client has to be able to repeat it", async () => {
    const act = repeatable(PLATFORM);
    await database.breakNext({ kind: "drop-reply", contains: "audit_log" });
    await expect(tenants.setStatus(act, TENANT_A, "suspended")).rejects.toThrow(Unavailable);
    expect(await outcomes().find(PLATFORM, act.idempotency.key)).toMatchObject({ status: 201 });
    expect(await tenants.setStatus(act, TENANT_A, "suspended")).toEqual({ kind: "repeated" });
  });
});

describe("an idempotency key", () => {
  it("keeps the first outcome as the caller saw it, for whoever asks within its scope", async () => {
    const act = repeatable(PLATFORM);
    const first = await tenants.setStatus(act, TENANT_A, "suspended");
    const kept = await outcomes().find(PLATFORM, act.idempotency.key);
    expect(kept).toEqual({ fingerprint: "f", status: 201, body: first.kind === "done" ? first.row : undefined });
    expect(v.parse(TenantView, kept?.body)).toMatchObject({ id: TENANT_A, status: "suspended" });
    expect(await outcomes().find(TENANT_A, act.idempotency.key)).toBeUndefined();
  });

  it("keeps what the act says instead of the row, because a row may not be all of an answer", async () => {
    const act = repeatable(TENANT_A);
    const idempotency = { ...act.idempotency, body: { active: null } };
    await tenants.changeOwn({ ...act, idempotency }, TENANT_A, { name: "A" });
    expect(await outcomes().find(TENANT_A, idempotency.key)).toMatchObject({ body: { active: null } });
  });

  it("lets one of two requests at once act, on one tenant or making two", async () => {
    const [twins, makers] = [repeatable(TENANT_A), repeatable(PLATFORM)];
    const rename = () => tenants.changeOwn(twins, TENANT_A, { name: "Renamed" });
    const renamed = await atOnce(database.owner, "SELECT FROM app.tenants FOR UPDATE", [rename, rename, rename]);
    expect(kinds(renamed)).toEqual(["done", "repeated", "repeated"]);
    const make = (id: string) => tenants.create(makers, { ...newTenant, id });
    const made = await atOnce(database.owner, "LOCK TABLE app.tenants IN SHARE MODE", [
      () => make(ids[0]),
      () => make(ids[1]),
    ]);
    expect(kinds(made)).toEqual(["done", "repeated"]);
    const { rowCount } = await database.owner.query("SELECT FROM app.tenants WHERE id = ANY ($1)", [ids]);
    expect(rowCount).toBe(1);
    await database.owner.query("DELETE FROM app.tenants WHERE id = ANY ($1)", [ids]);
  });

  it("tells the second that it repeats, not that the thing is gone or in the wrong state", async () => {
    const keys = neonGatewayKeys(database.connectAs("rw"));
    const issued = { material: sampleMaterial("RotatedTwice"), rights: sampleRights() };
    await keys.issue(sampleAct(), TENANT_A, issued);
    const act = repeatable(TENANT_A);
    const rotate = (heir: string) =>
      keys.rotate(act, TENANT_A, { keyId: "RotatedTwice", material: sampleMaterial(heir), overlapSeconds: 0 });
    const rotated = await atOnce(database.owner, "SELECT FROM app.api_keys FOR UPDATE", [
      () => rotate("HeirNumber01"),
      () => rotate("HeirNumber02"),
    ]);
    expect(kinds(rotated)).toEqual(["done", "repeated"]);
  });

  it("is forgotten after a day: then it is a new request", async () => {
    const act = repeatable(PLATFORM);
    await tenants.setStatus(act, TENANT_A, "suspended");
    await database.owner.query("UPDATE app.idempotency_keys SET created_at = now() - interval '24 hours 1 second'");
    expect(await outcomes().find(PLATFORM, act.idempotency.key)).toBeUndefined();
    expect(await tenants.setStatus(act, TENANT_A, "active")).toMatchObject({ kind: "done" });
  });

  it("is its scope's: two tenants may use the same", async () => {
    const { idempotency } = repeatable(TENANT_A);
    const act = (scope: string) => sampleAct({ idempotency: { ...idempotency, scope } });
    expect(await tenants.changeOwn(act(TENANT_A), TENANT_A, { name: "A" })).toMatchObject({ kind: "done" });
    expect(await tenants.changeOwn(act(TENANT_B), TENANT_B, { name: "B" })).toMatchObject({ kind: "done" });
  });
});

it("lets no role write a line for another tenant", async () => {
  const perform = neonActs(database.connectAs("ops"), asOperator);
  const foreign = { tenantId: TENANT_A, change: sql`WITH act AS (SELECT 1 AS one)` };
  const act = repeatable(TENANT_B);
  await expect(perform(act, foreign)).rejects.toThrow(/row-level security/);
});

const ids = ["0199c0de-0000-7000-8000-0000000000d1", "0199c0de-0000-7000-8000-0000000000d2"] as const;

const newTenant = {
  name: "New",
  plan: "free",
  region: "default",
  on_invalid_key: "shared",
  trial_ends_at: null,
  monthly_quota: null,
} as const;

function kinds(acted: readonly { readonly kind: string }[]): string[] {
  return acted.map(({ kind }) => kind).toSorted();
}
