import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuid7 } from "../../src/core/uuid7.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { books } from "../support/books.ts";
import { startConsumer, type Delivery } from "../support/consumer.ts";
import { eventually } from "../support/eventually.ts";
import { BYO_KEY, PLATFORM_KEY, startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { upstreamControl, type UpstreamControl } from "../support/upstream-control.ts";

const USAGE = "tikedge-usage";

describe("a credit is metered exactly once", () => {
  let stack: Stack;
  let gateway: Gateway;
  let upstream: UpstreamControl;
  let ledger: Redis;
  let consumer: Awaited<ReturnType<typeof startConsumer>>;

  beforeAll(async () => {
    stack = await startStack();
    gateway = await startGateway(stack, { HITS_FLUSH_MS: "100" });
    upstream = upstreamControl(stack.upstream.url);
    ledger = new Redis(stack.redis.url);
    consumer = await startConsumer(stack);
  });
  afterAll(async () => {
    ledger.disconnect();
    await Promise.all([gateway.close(), consumer.close()]);
    await stack.close();
  });

  const event = (tenantId: string, more: Partial<UsageEvent> = {}): UsageEvent => {
    const occurredAtMs = more.occurredAtMs ?? Date.now();
    const eventId = uuid7(occurredAtMs, crypto.getRandomValues(new Uint8Array(10)));
    const base = {
      status: 200,
      outcome: "success",
      creditsCharged: 1,
      creditsInDoubt: 0,
      upstreamKeyId: "platform-test",
    } as const;
    return { eventId, tenantId, occurredAtMs, endpoint: "/userid/", requestId: eventId, ...base, ...more };
  };

  it("books each dispatch once, under the tenant, the request and the upstream key that paid", async () => {
    const tenant = stack.tenant("shared");
    const miss = await gateway.get("/userid/?username=metered", { key: tenant.apiKey });
    const gone = await gateway.get("/userid/?username=missing_metered", { key: tenant.apiKey });
    await gateway.get("/userid/?username=metered", { key: tenant.apiKey });
    const events = await eventually(async () => {
      const rows = await books(stack.database.url).events(tenant.id);
      expect(rows).toHaveLength(2);
      return rows;
    });
    expect(events[0]).toMatchObject({
      endpoint: "/userid/",
      status: 200,
      outcome: "success",
      credits_charged: 1,
      credits_in_doubt: 0,
      request_id: miss.headers.get("x-request-id"),
      upstream_key_id: expect.stringMatching(/^platform-[0-9a-f]{8}$/),
    });
    expect(events[1]).toMatchObject({ outcome: "not_found", request_id: gone.headers.get("x-request-id") });
    expect((await upstream.meter()).keys[PLATFORM_KEY]?.calls).toBe(2);
  });

  it("counts hits in batches with the credits that they saved, and the rollup equals the group-by", async () => {
    const tenant = stack.tenant("shared");
    const { rollup, recount } = books(stack.database.url);
    for (let times = 0; times < 5; times++) await gateway.get("/userid/?username=metered", { key: tenant.apiKey });
    await eventually(async () =>
      expect((await rollup(tenant.id))[0]).toMatchObject({ hits: 6, credits_saved: 6, calls: 2 }),
    );
    expect(await rollup(tenant.id)).toEqual(await recount(tenant.id));
  });

  it("books a BYO tenant's dispatch under its own key, and spends it there", async () => {
    const tenant = stack.tenant("byo");
    await gateway.get("/userid/?username=metered", { key: tenant.apiKey });
    const [row] = await eventually(async () => {
      const rows = await books(stack.database.url).events(tenant.id);
      expect(rows).toHaveLength(1);
      return rows;
    });
    expect(row?.upstream_key_id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await upstream.meter()).keys[BYO_KEY]?.calls).toBe(1);
  });

  it("sends what a burst has spent in a few messages, because each is paid for and a queue takes 5,000 a second", async () => {
    const tenant = stack.tenant("byo");
    const { events } = books(stack.database.url);
    const before = (await events(tenant.id)).length;
    const bursting = await startGateway(stack, { EVENTS_FLUSH_MS: "1000", EVENTS_FLUSH_COUNT: "20" });
    try {
      const from = stack.seen.messages.length;
      const names = Array.from({ length: 60 }, (_, at) => `burst_${at}`);
      await Promise.all(names.map((name) => bursting.get(`/userid/?username=${name}`, { key: tenant.apiKey })));
      await eventually(async () => expect((await events(tenant.id)).length).toBe(before + 60));
      const messages = stack.seen.messages.slice(from).filter((text) => text.includes('"kind":"event"'));
      expect(messages.join().match(/"kind":"event"/g)).toHaveLength(60);
      expect(messages.length, "ten events a message at least").toBeLessThanOrEqual(6);
    } finally {
      await bursting.close();
    }
  });

  it("empties the outbox and closes every reservation", async () => {
    await eventually(async () => expect(await ledger.exists("tkl:open", "tkl:outbox", "tkl:outbox-since")).toBe(0));
  });

  it("changes nothing when messages are delivered twice, together and out of order", async () => {
    const tenant = stack.tenants.find(({ name }) => name === "Brightside");
    const tenantId = tenant?.id ?? "";
    const events = Array.from({ length: 20 }, (_, at) => event(tenantId, { occurredAtMs: Date.now() - at * 1_000 }));
    const messages: Delivery[] = events.map((each, at) => ({ id: `m${at}`, body: { kind: "event", event: each } }));
    const hits = {
      kind: "hits",
      batch: {
        batchId: uuid7(Date.now(), new Uint8Array(10)),
        tenantId,
        flushedAtMs: Date.now(),
        rows: [{ endpoint: "/userid/", hits: 7, creditsSaved: 7, byTier: { memory: 4, joined: 2 } }],
      },
    };
    const withHits = (each: typeof messages) => each.concat({ id: "hits", body: hits });
    const shuffled = messages.slice(5).concat(messages.slice(0, 9));
    const deliveries = [messages, messages.toReversed(), shuffled].map(withHits);
    const results = await Promise.all(deliveries.map((messages) => consumer.deliver(USAGE, messages)));
    for (const result of results) expect(result.retryMessages).toEqual([]);
    const { rollup, recount } = books(stack.database.url);
    const total = await rollup(tenantId);
    expect(total.reduce((sum, { calls }) => sum + calls, 0)).toBe(20);
    expect(total.reduce((sum, row) => sum + row.hits, 0)).toBe(7);
    expect(total.reduce((sum, row) => sum + row.hits_memory + row.hits_joined, 0)).toBe(6);
    expect(total).toEqual(await recount(tenantId));
  });

  it("records 99 good messages and buries the poisoned one with its reason", async () => {
    const tenantId = stack.tenant("shared").id;
    const before = (await books(stack.database.url).events(tenantId)).length;
    const good = Array.from({ length: 99 }, (_, at) => ({
      id: `good-${at}`,
      body: { kind: "event", event: event(tenantId) },
    }));
    const poison = { id: "poison", body: { kind: "event", event: { ...event(tenantId), creditsCharged: -5 } } };
    const result = await consumer.deliver(USAGE, [...good.slice(0, 50), poison, ...good.slice(50)]);
    expect(result.retryMessages).toEqual([]);
    expect(await books(stack.database.url).events(tenantId)).toHaveLength(before + 99);
    const dead = await books(stack.database.url).dead();
    expect(dead).toHaveLength(1);
    expect(dead[0]).toMatchObject({ id: "poison", queue: USAGE, body: poison.body });
    expect(dead[0]?.reason).toContain("creditsCharged");
  });

  it("buries the one event that Postgres refuses with the state it named, and records the 99 that came with it", async () => {
    const tenantId = stack.tenant("shared").id;
    const { query, events, dead } = books(stack.database.url);
    // A constraint of a newer schema: the message parses, and the Worker cannot know that it is refused.
    await query("ALTER TABLE app.usage_events ADD CONSTRAINT newer CHECK (endpoint <> '/refused/')", []);
    const before = (await events(tenantId)).length;
    const usage = Array.from({ length: 100 }, (_, at) => ({
      kind: "event",
      event: event(tenantId, at === 67 ? { endpoint: "/refused/" } : {}),
    }));
    const messages = [0, 50].map((at) => ({
      id: `refusable-${at}`,
      body: { kind: "batch", usage: usage.slice(at, at + 50) },
    }));
    const result = await consumer.deliver(USAGE, messages);
    expect(result.retryMessages).toEqual([]);
    expect(result.explicitAcks).toHaveLength(2);
    expect(await events(tenantId)).toHaveLength(before + 99);
    expect((await dead()).filter(({ id }) => id.startsWith("refusable-"))).toEqual([
      { id: "refusable-50/17", queue: USAGE, reason: "SQLSTATE 23514 check_violation", body: usage[67] },
    ]);
    const { rollup, recount } = books(stack.database.url);
    expect(await rollup(tenantId)).toEqual(await recount(tenantId));
  });

  it("gives back what an outage of Postgres holds up after a wait that doubles, and records it then", async () => {
    const tenantId = stack.tenant("shared").id;
    const held = (attempts: number) => [{ id: "held", body: { kind: "event", event: usage }, attempts }];
    const usage = event(tenantId, { endpoint: "/held-up/" });
    const { query, rollup } = books(stack.database.url);
    const deliveries = [];
    await query("REVOKE INSERT ON app.usage_events FROM app_rw", []);
    for (const attempts of [1, 5, 50]) deliveries.push(await consumer.deliver(USAGE, held(attempts)));
    deliveries.push(await consumer.deliver(`${USAGE}-dead`, held(2)));
    await query("GRANT INSERT ON app.usage_events TO app_rw", []);
    const delays = deliveries.map(({ retryMessages }) => retryMessages.map(({ delaySeconds }) => delaySeconds));
    expect(delays).toEqual([[2], [32], [300], [4]]);
    await consumer.deliver(`${USAGE}-dead`, held(3));
    const row = (await rollup(tenantId)).find(({ endpoint }) => endpoint === "/held-up/");
    expect(row).toMatchObject({ calls: 1 });
  });

  it("keeps what a queue gave up on, because a dead letter without a consumer is gone after four days", async () => {
    const message = { id: "given-up", body: { any: "thing" } };
    await consumer.deliver(`${USAGE}-dead`, [message, message]);
    const dead = await books(stack.database.url).dead();
    expect(dead.filter(({ id }) => id === "given-up")).toHaveLength(1);
  });
});
