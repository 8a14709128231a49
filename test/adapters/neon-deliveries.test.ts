import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neonDeliveries } from "../../src/adapters/neon-deliveries.ts";
import { PLATFORM } from "../../src/core/act.ts";
import { uuid7 } from "../../src/core/uuid7.ts";
import type { AfterAttempt } from "../../src/core/webhook.ts";
import type { Claim, Delivery, EventRef } from "../../src/core/webhook-ports.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const MINUTE_MS = 60_000;

let tenancy: NeonTenancy;
beforeAll(async () => {
  tenancy = await neonTenancy();
});
afterAll(() => tenancy.close());
beforeEach(async () => {
  await tenancy.owner.query(
    "DELETE FROM app.webhook_deliveries; DELETE FROM app.webhooks; DELETE FROM app.webhook_events; UPDATE app.tenants SET deleted_at = NULL",
  );
});

const deliveries = ({ leaseMs = MINUTE_MS, overdueMs = 0, mostAttempts = 3 } = {}) =>
  neonDeliveries({
    database: tenancy.connectAs("rw"),
    operatorsDatabase: tenancy.connectAs("ops"),
    leaseMs,
    overdueMs,
    mostAttempts,
  });

const storeWebhook = async (tenantId: string, events = ["upstream_key.invalid"]) => {
  const id = randomUUID();
  await tenancy.owner.query(
    `INSERT INTO app.webhooks VALUES ($1, $2, 'https://example.com/', $3, 1, 'iv', 'key', 'iv', 'secret')`,
    [tenantId, id, events],
  );
  return id;
};

const storeEvent = async (tenantId: string): Promise<EventRef> => {
  const eventId = uuid7(Date.now(), randomBytes(10));
  await tenancy.owner.query(
    `INSERT INTO app.webhook_events (tenant_id, id, type, data) VALUES ($1, $2, 'upstream_key.invalid', '{"last4":"1234"}')`,
    [tenantId, eventId],
  );
  return { tenantId, eventId };
};

const handedOut = (claim: Claim): readonly Delivery[] => (claim.kind === "due" ? claim.deliveries : []);
const statuses = async () =>
  (await tenancy.owner.query<{ status: string }>("SELECT status FROM app.webhook_deliveries")).rows.map(
    ({ status }) => status,
  );
const delivered: AfterAttempt = { status: "delivered", lastStatus: 204, delayMs: 0 };
const failed: AfterAttempt = { status: "pending", lastStatus: 500, delayMs: MINUTE_MS };

describe("an event", () => {
  it("goes to the webhooks of its tenant and of the platform that want it, and to no other tenant's", async () => {
    const mine = await storeWebhook(TENANT_A);
    const platforms = await storeWebhook(PLATFORM);
    await storeWebhook(TENANT_A, ["platform_key.out"]);
    await storeWebhook(TENANT_B);
    const event = await storeEvent(TENANT_A);
    const claim = await deliveries().claim(event);
    expect(claim).toMatchObject({
      kind: "due",
      event: { id: event.eventId, tenantId: TENANT_A, data: { last4: "1234" } },
    });
    expect(handedOut(claim).map(({ ownerId, secret }) => [ownerId, secret.tenantId, secret.id])).toEqual([
      [PLATFORM, PLATFORM, platforms],
      [TENANT_A, TENANT_A, mine],
    ]);
  });

  it("of the platform itself goes to the platform's webhooks alone", async () => {
    const platforms = await storeWebhook(PLATFORM);
    await storeWebhook(TENANT_A);
    const claim = await deliveries().claim(await storeEvent(PLATFORM));
    expect(handedOut(claim).map(({ secret }) => secret.id)).toEqual([platforms]);
  });

  it("that nobody wants is done, and one that nobody wrote is absent", async () => {
    const event = await storeEvent(TENANT_A);
    expect(await deliveries().claim(event)).toEqual({ kind: "done" });
    expect(await deliveries().claim({ ...event, tenantId: TENANT_B })).toEqual({ kind: "absent" });
  });

  it("is told once, so a webhook that is made later does not hear of what was before it", async () => {
    const event = await storeEvent(TENANT_A);
    await deliveries().claim(event);
    await storeWebhook(TENANT_A);
    expect(await deliveries().claim(event)).toEqual({ kind: "done" });
  });
});

describe("a delivery", () => {
  it("is handed out to one of eight who ask at once", async () => {
    await storeWebhook(TENANT_A);
    await storeWebhook(PLATFORM);
    const event = await storeEvent(TENANT_A);
    const claims = await Promise.all(Array.from({ length: 8 }, () => deliveries().claim(event)));
    const ids = claims.flatMap(handedOut).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
  });

  it("comes with a few others until all are handed out, because a Worker has six connections", async () => {
    for (let made = 0; made < 5; made += 1) await storeWebhook(TENANT_A);
    const event = await storeEvent(TENANT_A);
    const sizes: number[] = [];
    for (let claims = 0; claims < 4; claims += 1) sizes.push(handedOut(await deliveries().claim(event)).length);
    expect(sizes).toEqual([2, 2, 1, 0]);
  });

  it("is never handed out again once it was delivered", async () => {
    await storeWebhook(TENANT_A);
    const event = await storeEvent(TENANT_A);
    for (const delivery of handedOut(await deliveries().claim(event))) await deliveries().conclude(delivery, delivered);
    expect(await deliveries().claim(event)).toEqual({ kind: "done" });
    expect(await statuses()).toEqual(["delivered"]);
  });

  it("that failed is later, for as long as was said", async () => {
    await storeWebhook(TENANT_A);
    const event = await storeEvent(TENANT_A);
    for (const delivery of handedOut(await deliveries().claim(event))) await deliveries().conclude(delivery, failed);
    const claim = await deliveries().claim(event);
    const inMs = claim.kind === "later" ? claim.inMs : Number.NaN;
    expect(inMs).toBeGreaterThan(MINUTE_MS / 2);
    expect(inMs).toBeLessThanOrEqual(MINUTE_MS);
  });

  it("is handed out again when whoever had it says nothing in time, and then only a receipt counts of the first", async () => {
    await storeWebhook(TENANT_A);
    const event = await storeEvent(TENANT_A);
    const [first] = handedOut(await deliveries({ leaseMs: 0 }).claim(event));
    const [second] = handedOut(await deliveries({ leaseMs: 0 }).claim(event));
    if (first === undefined || second === undefined) throw new Error("it was not handed out twice");
    expect([first.id, first.attempts, second.attempts]).toEqual([second.id, 1, 2]);
    await deliveries().conclude(first, { status: "dead", lastStatus: null, delayMs: 0 });
    expect(await statuses()).toEqual(["pending"]);
    await deliveries().conclude(first, delivered);
    await deliveries().conclude(second, failed);
    expect(await statuses()).toEqual(["delivered"]);
  });

  it("is given up when its last attempt ended with its Worker", async () => {
    await storeWebhook(TENANT_A);
    const event = await storeEvent(TENANT_A);
    const dying = deliveries({ leaseMs: 0, mostAttempts: 2 });
    expect([handedOut(await dying.claim(event)).length, handedOut(await dying.claim(event)).length]).toEqual([1, 1]);
    expect(await dying.claim(event)).toEqual({ kind: "done" });
    expect(await statuses()).toEqual(["dead"]);
  });

  it.each([
    {
      ends: "webhook",
      how: "UPDATE app.webhooks SET deleted_at = now(), wrap_iv = '', wrapped_key = '', iv = '', ciphertext = ''",
    },
    { ends: "tenant", how: "UPDATE app.tenants SET deleted_at = now()" },
  ])("is given up when its $ends is no more", async ({ how }) => {
    await storeWebhook(TENANT_A);
    const event = await storeEvent(TENANT_A);
    for (const delivery of handedOut(await deliveries().claim(event)))
      await deliveries().conclude(delivery, { ...failed, delayMs: 0 });
    await tenancy.owner.query(how);
    expect(await deliveries().claim(event)).toEqual({ kind: "done" });
    expect(await statuses()).toEqual(["dead"]);
  });
});

describe("what no message carries", () => {
  it("is an event that nobody was told of, until somebody is", async () => {
    const events = [await storeEvent(TENANT_A), await storeEvent(TENANT_B)];
    expect(await deliveries().overdue(10)).toEqual(events);
    expect(await deliveries().overdue(1)).toEqual(events.slice(0, 1));
    expect(await deliveries({ overdueMs: MINUTE_MS }).overdue(10)).toEqual([]);
    for (const event of events) await deliveries().claim(event);
    expect(await deliveries().overdue(10)).toEqual([]);
  });

  it("is an event with a delivery past its time, of the platform's too, named once by its own tenant", async () => {
    await storeWebhook(TENANT_A);
    await storeWebhook(PLATFORM);
    const event = await storeEvent(TENANT_A);
    const claim = await deliveries().claim(event);
    expect(await deliveries().overdue(10)).toEqual([]);
    for (const delivery of handedOut(claim)) await deliveries().conclude(delivery, { ...failed, delayMs: 0 });
    expect(await deliveries().overdue(10)).toEqual([event]);
  });
});
