import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuid7 } from "../../src/core/uuid7.ts";
import { books } from "../support/books.ts";
import { storeKey, storeSharedTenant } from "../support/cast.ts";
import { startConsumer } from "../support/consumer.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { startReceiver, verified } from "../support/webhook-receiver.ts";

/** Three attempts, the next one soon, and the cron finds at once what no message carries. */
const HURRIED = {
  WEBHOOK_RETRY_MS: "100",
  WEBHOOK_ATTEMPTS: "3",
  WEBHOOK_DEADLINE_MS: "2000",
  WEBHOOK_OVERDUE_MS: "0",
};
const EVENT = "upstream_key.invalid";

let stack: Stack;
let gateway: Gateway;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  [stack, receiver] = await Promise.all([startStack(), startReceiver()]);
  gateway = await startGateway(stack, HURRIED);
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([stack.close(), receiver.close()]);
});

/** A tenant whose manager has a webhook on each of the paths. */
async function manager(...paths: readonly string[]) {
  const { id: tenantId } = await storeSharedTenant(stack, "pro");
  const api = control(gateway, await storeKey(stack, { tenantId, permissions: ["manage"] }));
  const secrets: string[] = [];
  for (const path of paths) {
    const created = await api.post("/v1/webhooks", { body: { url: receiver.url + path, events: [EVENT] } });
    expect(created.status, JSON.stringify(created.body)).toBe(201);
    secrets.push(String(created.body["secret"]));
  }
  return { tenantId, api, secrets, secret: secrets[0] ?? "" };
}

/** Written as an act writes it, by a Worker that ended before it could send the message. */
async function storeEvent(tenantId: string): Promise<string> {
  const id = uuid7(Date.now(), randomBytes(10));
  await books(stack.database.url).query(
    `INSERT INTO app.webhook_events (tenant_id, id, type, data) VALUES ($1, $2, $3, '{"last4":"1234"}')`,
    [tenantId, id, EVENT],
  );
  return id;
}

/** Every delivery of the tenant is in this state. */
const settled = (api: ReturnType<typeof control>, ...states: readonly object[]) =>
  eventually(async () => {
    const { body } = await api.get("/v1/webhook-deliveries");
    expect(body["data"]).toHaveLength(states.length);
    for (const state of states) expect(body["data"]).toContainEqual(expect.objectContaining(state));
    return body["data"] as Record<string, string>[];
  });

describe("an event", () => {
  it("is delivered once, signed so that the specification's library verifies it, and names its tenant", async () => {
    const { tenantId, api, secret } = await manager("/once");
    const eventId = await storeEvent(tenantId);
    await gateway.runCrons();
    const [delivery] = await settled(api, { status: "delivered", attempts: 1, last_status: 204, event_id: eventId });
    await gateway.runCrons();
    await settled(api, { status: "delivered", attempts: 1 });
    const [received, ...more] = receiver.received("/once");
    if (received === undefined) throw new Error("nothing was received");
    expect(more).toEqual([]);
    expect(received.id).toBe(delivery?.["id"]);
    expect(received.headers["content-type"]).toBe("application/json");
    expect(verified(secret, received)).toEqual({
      id: eventId,
      type: EVENT,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      tenant_id: tenantId,
      data: { last4: "1234" },
    });
  });

  it("reaches the operator's webhooks too, and never another tenant's", async () => {
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    const body = { url: `${receiver.url}/operator`, events: [EVENT] };
    const { id } = (await operator.post("/v1/webhooks", { body })).body;
    const [mine, other] = [await manager("/mine"), await manager("/other")];
    await storeEvent(mine.tenantId);
    await gateway.runCrons();
    await settled(mine.api, { status: "delivered" });
    await settled(operator, { status: "delivered", tenant_id: mine.tenantId });
    await settled(other.api);
    expect(receiver.received("/operator").map(({ body }) => JSON.parse(body).tenant_id)).toEqual([mine.tenantId]);
    expect(receiver.received("/other")).toEqual([]);
    expect((await operator.delete(`/v1/webhooks/${String(id)}`)).status).toBe(200);
  });

  it("is delivered again under the same id after a failure, so that a receiver can tell", async () => {
    receiver.reply("/flaky", (count, response) => void response.writeHead(count < 3 ? 500 : 200).end());
    const { tenantId, api, secret } = await manager("/flaky");
    await storeEvent(tenantId);
    await gateway.runCrons();
    await settled(api, { status: "delivered", attempts: 3, last_status: 200 });
    const all = receiver.received("/flaky");
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    for (const each of all) expect(verified(secret, each)).toMatchObject({ tenant_id: tenantId });
  });

  it("is given up after the last attempt, and delivered when somebody replays it", async () => {
    receiver.reply("/down", (_count, response) => void response.writeHead(503).end());
    const { tenantId, api } = await manager("/down");
    await storeEvent(tenantId);
    await gateway.runCrons();
    const [dead] = await settled(api, { status: "dead", attempts: 3, last_status: 503 });
    const listed = await api.get("/v1/webhook-deliveries?status=dead");
    expect(listed.body["data"]).toEqual([dead]);
    expect((await api.get("/v1/webhook-deliveries?status=pending")).body["data"]).toEqual([]);
    receiver.reply("/down", (_count, response) => void response.writeHead(200).end());
    const replayed = await api.post(`/v1/webhook-deliveries/${dead?.["id"]}/replay`);
    expect([replayed.status, replayed.body["status"]]).toEqual([202, "pending"]);
    await settled(api, { status: "delivered", attempts: 1 });
    expect(receiver.received("/down")).toHaveLength(4);
  });

  it("does not follow a redirect, which could lead where no target may be", async () => {
    receiver.reply("/moved", (_count, response) => void response.writeHead(307, { location: "/secret-place" }).end());
    const { tenantId, api } = await manager("/moved");
    await storeEvent(tenantId);
    await gateway.runCrons();
    await settled(api, { status: "dead", last_status: 307 });
    expect(receiver.received("/secret-place")).toEqual([]);
  });

  it("reaches a good receiver whatever another does: one is slow, one sends without end", async () => {
    receiver.reply("/slow", () => undefined);
    receiver.reply("/endless", (_count, response) => {
      response.writeHead(200);
      const more = setInterval(() => response.write("x".repeat(65_536)), 5);
      response.on("close", () => clearInterval(more));
    });
    const { tenantId, api } = await manager("/slow", "/endless", "/good");
    await storeEvent(tenantId);
    await gateway.runCrons();
    await settled(api, { status: "dead", last_status: null }, { status: "delivered" }, { status: "delivered" });
    expect(["/slow", "/endless", "/good"].map((path) => receiver.received(path).length)).toEqual([3, 1, 1]);
  });

  it("is not delivered once its webhook was removed or its tenant deleted", async () => {
    const [removed, deleted] = [await manager("/removed"), await manager("/deleted")];
    const [webhook] = (await removed.api.get("/v1/webhooks")).body["data"] as { id: string }[];
    expect((await removed.api.delete(`/v1/webhooks/${webhook?.id}`)).status).toBe(200);
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    expect((await operator.delete(`/v1/tenants/${deleted.tenantId}`)).status).toBe(200);
    const events = [await storeEvent(removed.tenantId), await storeEvent(deleted.tenantId)];
    await gateway.runCrons();
    await eventually(async () => {
      const open = "SELECT FROM app.webhook_events WHERE id = ANY ($1) AND announced_at IS NULL";
      expect(await books(stack.database.url).query(open, [events])).toEqual([]);
    });
    expect([...receiver.received("/removed"), ...receiver.received("/deleted")]).toEqual([]);
  });
});

describe("a message", () => {
  let consumer: Awaited<ReturnType<typeof startConsumer>>;
  beforeAll(async () => {
    const settings = { ...stack.settings, ...HURRIED, WEBHOOK_RETRY_MS: "60000" };
    consumer = await startConsumer({ ...stack, settings });
  });
  afterAll(() => consumer.close());

  it("delivers nothing twice although it comes eight times at once, and again", async () => {
    const { tenantId, api } = await manager("/eight");
    const body = { kind: "event", tenantId, eventId: await storeEvent(tenantId) };
    const eight = Array.from({ length: 8 }, (_, at) => ({ id: `message-${at}`, body }));
    await consumer.deliver("tikedge-control", eight);
    const again = await consumer.deliver("tikedge-control", [{ id: "message-late", body }]);
    expect(again.explicitAcks).toEqual(["message-late"]);
    await settled(api, { status: "delivered", attempts: 1 });
    expect(receiver.received("/eight")).toHaveLength(1);
  });

  it("that the queue gave up on delivers all the same, because an outage may have outlasted its retries", async () => {
    const { tenantId, api } = await manager("/late");
    const body = { kind: "event", tenantId, eventId: await storeEvent(tenantId) };
    const { explicitAcks } = await consumer.deliver("tikedge-control-dead", [{ id: "dead-letter", body }]);
    expect(explicitAcks).toEqual(["dead-letter"]);
    await settled(api, { status: "delivered" });
  });

  it("comes back when the next attempt is due", async () => {
    receiver.reply("/refusing", (_count, response) => void response.writeHead(500).end());
    const { tenantId, api } = await manager("/refusing");
    const body = { kind: "event", tenantId, eventId: await storeEvent(tenantId) };
    const { retryMessages } = await consumer.deliver("tikedge-control", [{ id: "first", body }]);
    expect(retryMessages).toEqual([{ msgId: "first", delaySeconds: expect.any(Number) as number }]);
    const delaySeconds = retryMessages[0]?.delaySeconds ?? 0;
    expect(delaySeconds).toBeGreaterThan(30);
    expect(delaySeconds).toBeLessThanOrEqual(60);
    await settled(api, { status: "pending", attempts: 1, last_status: 500 });
  });
});

describe("an event of the platform's own", () => {
  it("is for the operator's webhooks: a tenant's that nothing is ever sent to would look like one that works", async () => {
    const { api } = await manager();
    const asked = { url: `${receiver.url}/platform`, events: [EVENT, "platform_key.out"] };
    const refused = await api.post("/v1/webhooks", { body: asked });
    expect(refused.status).toBe(400);
    expect(refused.body["invalid_parameters"]).toMatchObject([{ name: "events.1" }]);
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    expect((await operator.post("/v1/webhooks", { body: asked })).status).toBe(201);
  });
});

describe("a webhook's secret", () => {
  it("is in no other answer, no row and no log than the one that made it", async () => {
    const { tenantId, api, secret } = await manager("/quiet");
    const url = `${receiver.url}/quiet-again`;
    const headers = { "idempotency-key": "made-twice" };
    const made = await api.post("/v1/webhooks", { body: { url, events: [EVENT] }, headers });
    const replayed = await api.post("/v1/webhooks", { body: { url, events: [EVENT] }, headers });
    expect([made.body["secret"] !== undefined, replayed.body["secret"]]).toEqual([true, undefined]);
    expect(replayed.body).toMatchObject({ id: made.body["id"], replayed: true });
    await storeEvent(tenantId);
    await gateway.runCrons();
    await settled(api, { status: "delivered" }, { status: "delivered" });
    const answers = [await api.get("/v1/webhooks"), await api.get(`/v1/webhooks/${String(made.body["id"])}`)];
    const seen = [
      ...answers.map(({ body }) => JSON.stringify(body)),
      ...(await books(stack.database.url).everything()),
      ...gateway.logs(),
    ].join("\n");
    expect(seen).toContain(tenantId);
    for (const clear of [secret, String(made.body["secret"])]) expect(seen).not.toContain(clear.slice("whsec_".length));
  });
});

describe("a deployed gateway", () => {
  it("takes no target that is not public, and calls none that was stored before", async () => {
    const { tenantId, api } = await manager("/stored-before");
    const deployed = await startGateway(stack, { ...HURRIED, WEBHOOK_TARGETS: "public" });
    try {
      const apiKey = await storeKey(stack, { tenantId, permissions: ["manage"] });
      const there = control(deployed, apiKey);
      const refused = await there.post("/v1/webhooks", { body: { url: "https://127.1/x", events: [EVENT] } });
      expect([refused.status, refused.body["invalid_parameters"]]).toEqual([
        400,
        [{ name: "url", reason: "names an address instead of a host" }],
      ]);
      await storeEvent(tenantId);
      await deployed.runCrons();
      await settled(api, { status: "dead", last_status: null });
      expect(receiver.received("/stored-before")).toEqual([]);
    } finally {
      await deployed.close();
    }
  });

  it.each([
    { body: { url: "https://example.com/", events: [] }, name: "events" },
    { body: { url: "https://example.com/", events: [EVENT, EVENT] }, name: "events" },
    { body: { url: "https://example.com/", events: ["everything"] }, name: "events.0" },
    { body: { url: "https://example.com/", events: [EVENT], secret: "mine" }, name: "secret" },
    { body: { events: [EVENT] }, name: "url" },
  ])("names $name in what is wrong with $body", async ({ body, name }) => {
    const { api } = await manager();
    const { status, body: problem } = await api.post("/v1/webhooks", { body });
    expect(status).toBe(400);
    expect(problem["invalid_parameters"]).toEqual([expect.objectContaining({ name })]);
  });
});
