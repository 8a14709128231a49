import { randomBytes, randomUUID } from "node:crypto";
import * as v from "valibot";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neonAlerts } from "../../src/adapters/neon-alerts.ts";
import { neonTenants } from "../../src/adapters/neon-tenants.ts";
import { neonWebhookSecrets } from "../../src/adapters/neon-webhook-secrets.ts";
import { neonWebhooks } from "../../src/adapters/neon-webhooks.ts";
import { PLATFORM, type Act } from "../../src/core/act.ts";
import { AlertView, WebhookView } from "../../src/core/resources.ts";
import type { SealedSecret } from "../../src/core/sealed-key.ts";
import { uuid7 } from "../../src/core/uuid7.ts";
import { everyPage } from "../support/pages.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const act = (action: string): Act => ({ actor: { kind: "operator" }, action, subject: "s", requestId: "request" });
const base64 = (length: number) => randomBytes(length).toString("base64");

/** As long as a real one: PostgreSQL breaks base64 into lines past 76 characters. */
const newSecret = (tenantId: string, id = uuid7(Date.now(), randomBytes(10))): SealedSecret => ({
  tenantId,
  id,
  version: 1,
  kekVersion: 1,
  wrapIv: base64(12),
  wrappedKey: base64(48),
  iv: base64(12),
  ciphertext: base64(80),
});

let tenancy: NeonTenancy;
const webhooks = () => neonWebhooks(tenancy.connectAs("rw"));
const create = (tenantId: string, secret = newSecret(tenantId)) =>
  webhooks().create(act("webhook.create"), { url: "https://example.com/", events: ["platform_key.out"], secret });
const all = { limit: 100, after: null };

beforeAll(async () => {
  tenancy = await neonTenancy();
});
afterAll(() => tenancy.close());
beforeEach(() => tenancy.owner.query("DELETE FROM app.webhook_deliveries; DELETE FROM app.webhooks"));

describe("webhooks", () => {
  it.each([TENANT_A, PLATFORM])("are kept for %s, and each is a whole WebhookView", async (tenantId) => {
    const secret = newSecret(tenantId);
    const created = await create(tenantId, secret);
    expect(created).toMatchObject({ kind: "done", row: { id: secret.id, events: ["platform_key.out"] } });
    const found = await webhooks().find(tenantId, secret.id);
    expect(v.parse(v.strictObject(WebhookView.entries), found)).toEqual(found);
    expect(await webhooks().list(tenantId, all)).toEqual({ rows: [found], next: null });
  });

  it("of another tenant are absent, like those that nobody has", async () => {
    const secret = newSecret(TENANT_A);
    await create(TENANT_A, secret);
    for (const id of [secret.id, randomUUID()]) {
      expect(await webhooks().find(TENANT_B, id)).toBeUndefined();
      expect(await webhooks().remove(act("webhook.delete"), TENANT_B, id)).toEqual({ kind: "absent" });
    }
    expect((await webhooks().list(TENANT_B, all)).rows).toEqual([]);
    expect((await webhooks().list(TENANT_A, all)).rows).toHaveLength(1);
  });

  it("are ten at the most, also when twelve are made at once, because each is called for every event", async () => {
    const made = await Promise.all(Array.from({ length: 12 }, () => create(TENANT_A)));
    expect(made.filter(({ kind }) => kind === "done")).toHaveLength(10);
    expect(made).toContainEqual({ kind: "conflict", because: "There are 10 webhooks already." });
  });

  it("lose their secret when they are removed, and make room for another", async () => {
    const secret = newSecret(TENANT_A);
    await create(TENANT_A, secret);
    expect(await webhooks().remove(act("webhook.delete"), TENANT_A, secret.id)).toMatchObject({ kind: "done" });
    expect(await webhooks().remove(act("webhook.delete"), TENANT_A, secret.id)).toEqual({ kind: "absent" });
    const { rows } = await tenancy.owner.query(
      "SELECT octet_length(ciphertext || wrapped_key) AS bytes FROM app.webhooks",
    );
    expect(rows).toEqual([{ bytes: 0 }]);
  });

  it("end with their tenant, and a tenant that is gone gets no new ones", async () => {
    const tenants = neonTenants({ ops: tenancy.connectAs("ops"), rw: tenancy.connectAs("rw"), keyRetireMs: 0 });
    const id = randomUUID();
    const settings = { name: "Gone", plan: "free", region: "default", on_invalid_key: "shared" } as const;
    await tenants.create(act("tenant.create"), { id, ...settings, trial_ends_at: null, monthly_quota: null });
    await create(id);
    await tenants.remove(act("tenant.delete"), id);
    expect((await tenancy.owner.query("SELECT FROM app.webhooks WHERE deleted_at IS NULL")).rowCount).toBe(0);
    expect(await create(id)).toEqual({ kind: "absent" });
  });
});

describe("a replay of a delivery", () => {
  const UNDERWAY = { kind: "conflict", because: "It is on its way already, or its webhook was removed." };
  const store = async (status: "pending" | "delivered" | "dead") => {
    const secret = newSecret(TENANT_A);
    await create(TENANT_A, secret);
    const id = randomUUID();
    await tenancy.owner.query(
      `INSERT INTO app.webhook_deliveries
         (tenant_id, id, webhook_id, event_tenant_id, event_id, event, status, attempts, last_status, due_at, delivered_at)
       VALUES ($1, $2, $3, $1, $2, 'platform_key.out', $4, 3, 503, now() + interval '1 hour',
         CASE WHEN $4 = 'delivered' THEN now() END)`,
      [TENANT_A, id, secret.id, status],
    );
    return { id, webhookId: secret.id };
  };
  const replay = (id: string, tenantId = TENANT_A) => webhooks().replay(act("webhook-delivery.replay"), tenantId, id);

  it.each(["delivered", "dead"] as const)(
    "that is %s makes it due at once, with all attempts before it",
    async (status) => {
      const { id } = await store(status);
      const row = { id, status: "pending", attempts: 0, last_status: null, delivered_at: null };
      expect(await replay(id)).toMatchObject({ kind: "done", row });
      const due = await tenancy.owner.query("SELECT FROM app.webhook_deliveries WHERE due_at <= now()");
      expect(due.rowCount).toBe(1);
    },
  );

  it("that is on its way is a conflict, because it would be sent twice", async () => {
    const { id } = await store("pending");
    expect(await replay(id)).toEqual(UNDERWAY);
  });

  it("whose webhook was removed is a conflict, because nobody is there to be told", async () => {
    const { id, webhookId } = await store("dead");
    await webhooks().remove(act("webhook.delete"), TENANT_A, webhookId);
    expect(await replay(id)).toEqual(UNDERWAY);
  });

  it("of another tenant is absent, like one that nobody has", async () => {
    const { id } = await store("dead");
    for (const foreign of [id, randomUUID()]) expect(await replay(foreign, TENANT_B)).toEqual({ kind: "absent" });
  });
});

describe("the rotation of the wrapping key", () => {
  const secrets = () => neonWebhookSecrets(tenancy.connectAs("ops"));

  it("goes through the secrets of all tenants and of the platform, and each opens to what was sealed", async () => {
    const sealed = [newSecret(TENANT_A), newSecret(TENANT_B), newSecret(PLATFORM)];
    for (const secret of sealed) await create(secret.tenantId, secret);
    expect(await secrets().countWrappedBefore(2)).toBe(3);
    expect(await secrets().wrappedBefore(2, 10)).toEqual(expect.arrayContaining(sealed));
    expect(await secrets().wrappedBefore(2, 2)).toHaveLength(2);
    expect(await secrets().countWrappedBefore(1)).toBe(0);
  });

  it("stores a new wrapping once, because two rotations may run at the same time", async () => {
    const sealed = newSecret(TENANT_A);
    await create(TENANT_A, sealed);
    const wrapping = () => ({ kekVersion: 2, wrapIv: base64(12), wrappedKey: base64(48) });
    const [first, second] = [
      { ...sealed, ...wrapping() },
      { ...sealed, ...wrapping() },
    ];
    expect([await secrets().rewrap(first, 1), await secrets().rewrap(second, 1)]).toEqual([true, false]);
    expect(await secrets().wrappedBefore(3, 10)).toEqual([first]);
  });
});

describe("alerts", () => {
  /** An event with an id of one time, that happened at another: what is told of a quota has the id of its window. */
  const happened = (tenantId: string, at: string, idMs = Date.parse(at)) =>
    tenancy.owner.query(
      `INSERT INTO app.webhook_events (tenant_id, id, type, data, created_at, announced_at)
       VALUES ($1, $2, 'quota.threshold', '{"threshold": 80}', $3, now())`,
      [tenantId, uuid7(idMs, randomBytes(10)), at],
    );

  it("are a tenant's own, newest first by when they happened, in pages of any size", async () => {
    await tenancy.owner.query("DELETE FROM app.webhook_events");
    const alerts = neonAlerts(tenancy.connectAs("rw"));
    await happened(TENANT_A, "2026-11-02T08:00:00Z");
    await happened(TENANT_A, "2026-11-20T12:00:00Z", Date.parse("2026-11-01"));
    for (const at of ["2026-11-10T00:00:00Z", "2026-11-10T00:00:00Z"]) await happened(TENANT_A, at);
    await happened(TENANT_B, "2026-11-21T00:00:00Z");
    await happened(PLATFORM, "2026-11-22T00:00:00Z");
    const rows = await everyPage((page) => alerts.list(TENANT_A, page));
    expect(rows.map(({ at }) => at.slice(0, 10))).toEqual(["2026-11-20", "2026-11-10", "2026-11-10", "2026-11-02"]);
    for (const row of rows) expect(v.parse(v.strictObject(AlertView.entries), row)).toEqual(row);
    expect((await alerts.list(PLATFORM, all)).rows).toHaveLength(1);
  });
});
