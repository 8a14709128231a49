import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuid7 } from "../../src/core/uuid7.ts";
import { books } from "../support/books.ts";
import { storeKey, storeSharedTenant } from "../support/cast.ts";
import { startConsumer } from "../support/consumer.ts";
import { control } from "../support/control.ts";
import { changeCounter, readCounter } from "../support/counters.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { startReceiver, verified } from "../support/webhook-receiver.ts";

let stack: Stack;
let gateway: Gateway;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let operator: ReturnType<typeof control>;
beforeAll(async () => {
  [stack, receiver] = await Promise.all([startStack(), startReceiver()]);
  gateway = await startGateway(stack, { RECONCILE_MS: "0" });
  operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([stack.close(), receiver.close()]);
});

it("tells a tenant's webhook that half of its quota is spent, from the call to the signed delivery, once", async () => {
  const tenant = await storeSharedTenant(stack, "pro");
  const changed = await operator.patch(`/v1/tenants/${tenant.id}`, { body: { monthly_quota: 4 } });
  expect(changed.status).toBe(200);
  const manager = control(gateway, await storeKey(stack, { tenantId: tenant.id, permissions: ["manage"] }));
  const key = await storeKey(stack, { tenantId: tenant.id, permissions: ["data"] });
  const hook = { url: `${receiver.url}/half`, events: ["quota.threshold"] };
  const { secret } = (await manager.post("/v1/webhooks", { body: hook })).body;
  for (const username of ["half_one", "half_two", "half_three"])
    expect((await gateway.get(`/userid/?username=${username}`, { key })).status).toBe(200);
  const [told] = await eventually(async () => {
    const received = receiver.received("/half");
    expect(received).toHaveLength(1);
    const { rollup } = books(stack.database.url);
    expect(await rollup(tenant.id)).toMatchObject([{ credits_charged: 3 }]);
    return received;
  });
  if (told === undefined) throw new Error("nothing was received");
  expect(verified(String(secret), told)).toMatchObject({
    type: "quota.threshold",
    tenant_id: tenant.id,
    data: { window: "monthly", threshold: 50, quota: 4 },
  });
});

it("raises a counter that says less than the books, and tells the operator, because Redis has lost something", async () => {
  const tenant = await storeSharedTenant(stack, "pro");
  const key = await storeKey(stack, { tenantId: tenant.id, permissions: ["data"] });
  for (const username of ["drift_one", "drift_two"])
    expect((await gateway.get(`/userid/?username=${username}`, { key })).status).toBe(200);
  const { rollup, query } = books(stack.database.url);
  await eventually(async () => expect(await rollup(tenant.id)).toMatchObject([{ credits_charged: 2 }]));
  const redis = new Redis(stack.redis.url);
  try {
    const counted = async () => (await readCounter(redis, tenant.id))?.monthly;
    expect(await counted()).toBe(2);
    await changeCounter(redis, tenant.id, { monthly: 1 });
    await gateway.runCrons();
    expect(await counted()).toBe(2);
    const drifts = "SELECT data FROM app.webhook_events WHERE type = 'ledger.drift'";
    const data = { tenant_id: tenant.id, window: "monthly", counted: 1, booked: 2 };
    expect(await query(drifts, [])).toEqual([{ data }]);
    await gateway.runCrons();
    expect(await query(drifts, [])).toHaveLength(1);
  } finally {
    redis.disconnect();
  }
});

describe("a dead message", () => {
  const usage = () => {
    const occurredAtMs = Date.now();
    const eventId = uuid7(occurredAtMs, crypto.getRandomValues(new Uint8Array(10)));
    const order = { tenantId: stack.tenant("byo").id, endpoint: "/mended/", requestId: eventId, upstreamKeyId: "k" };
    return { ...order, eventId, occurredAtMs, status: 200, outcome: "success", creditsCharged: 1, creditsInDoubt: 0 };
  };
  let consumer: Awaited<ReturnType<typeof startConsumer>>;
  beforeAll(async () => {
    consumer = await startConsumer(stack);
  });
  afterAll(() => consumer.close());

  const listed = async (query: string) =>
    (await operator.get(`/v1/dead-messages${query}`)).body["data"] as { id: string; message_id: string }[];

  it("is recorded once when what it met was mended and it is replayed, however often", async () => {
    const { query, rollup } = books(stack.database.url);
    await query("ALTER TABLE app.usage_events ADD CONSTRAINT in_the_way CHECK (endpoint <> '/mended/')", []);
    await consumer.deliver("tikedge-usage", [{ id: "in-the-way", body: { kind: "event", event: usage() } }]);
    await query("ALTER TABLE app.usage_events DROP CONSTRAINT in_the_way", []);
    const [dead] = await listed("?state=buried&queue=tikedge-usage");
    expect(dead).toMatchObject({ message_id: "in-the-way", reason: "SQLSTATE 23514 check_violation" });
    for (const replays of [1, 2, 3])
      expect(await operator.post(`/v1/dead-messages/${dead?.id}/replay`)).toMatchObject({
        status: 202,
        body: { replays },
      });
    await eventually(async () => {
      const mended = (await rollup(stack.tenant("byo").id)).filter(({ endpoint }) => endpoint === "/mended/");
      expect(mended).toMatchObject([{ calls: 1, credits_charged: 1 }]);
    });
    expect(await listed("?state=buried")).toEqual([]);
  });

  it("that is replayed unmended is buried again as another, and the first says that it was replayed", async () => {
    await consumer.deliver("tikedge-control", [{ id: "nonsense", body: { kind: "nonsense" } }]);
    const [dead] = await listed("?state=buried&queue=tikedge-control");
    expect((await operator.post(`/v1/dead-messages/${dead?.id}/replay`)).status).toBe(202);
    const [again] = await eventually(async () => {
      const buried = await listed("?state=buried&queue=tikedge-control");
      expect(buried).toHaveLength(1);
      return buried;
    });
    expect(again?.message_id).not.toBe("nonsense");
    expect(await listed("?state=replayed&queue=tikedge-control")).toMatchObject([{ message_id: "nonsense" }]);
    expect((await operator.delete(`/v1/dead-messages/${again?.id}`)).status).toBe(200);
    expect(await listed("?state=buried")).toEqual([]);
  });
});
