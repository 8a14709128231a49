import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { startConsumer } from "../support/consumer.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { upstreamControl, type UpstreamControl } from "../support/upstream-control.ts";

const QUEUE = "tikedge-refresh";
const HOUR_MS = 3_600_000;

/** A Redis that is asked each time, and messages that this test alone delivers. */
const SETTINGS = { MEMORY_MS: "0" };

describe("refresh messages, delivered to the built Worker", () => {
  let stack: Stack;
  let gateway: Gateway;
  let upstream: UpstreamControl;
  let consumers: readonly Awaited<ReturnType<typeof startConsumer>>[];
  let redis: Redis;

  beforeAll(async () => {
    stack = await startStack();
    gateway = await startGateway(stack, SETTINGS);
    consumers = await Promise.all([startConsumer(stack), startConsumer(stack)]);
    upstream = upstreamControl(stack.upstream.url);
    redis = new Redis(stack.redis.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await gateway.close();
    await stack.close();
  });

  let names = 0;
  /** An answer that is past its time, and the message that would have it refreshed. */
  async function stale() {
    const name = `refreshed${(names += 1)}`;
    const path = `/userinfo-by-username/?username=${name}`;
    await (await gateway.get(path, { key: stack.tenant("shared").apiKey })).text();
    let seenMs = 0;
    await stack.rewriteEntry("userinfo-by-username", name, (head) => {
      seenMs = Number(head["fetchedAtMs"]) - HOUR_MS - 1_000;
      return { ...head, fetchedAtMs: seenMs };
    });
    const tenantId = stack.tenant("shared").id;
    const untilMs = seenMs + 2 * HOUR_MS;
    const body = { kind: "refresh", path, tenantId, scope: "pool:default", seenMs, untilMs, priority: "refresh" };
    return { path, body };
  }

  const deliver = (bodies: readonly unknown[], by = 0) =>
    consumers[by]?.deliver(
      QUEUE,
      bodies.map((body, at) => ({ id: `message-${at}`, body })),
    );

  it("cost one call, however often, in whatever order and by how many consumers they are delivered", async () => {
    const both = [await stale(), await stale()];
    const bodies = both.map(({ body }) => body);
    const before = await upstream.calls();
    await Promise.all([deliver([...bodies, ...bodies], 0), deliver([...bodies, ...bodies].toReversed(), 1)]);
    await deliver(bodies.toReversed(), 1);
    expect(await upstream.calls()).toBe(before + 2);
    for (const { path } of both) {
      const hit = await gateway.get(path, { key: stack.tenant("shared").apiKey });
      expect(hit.headers.get("cache-status")).toMatch(/^tikedge; hit; ttl=3[56]\d\d; detail=redis$/);
    }
    expect(await upstream.calls()).toBe(before + 2);
    await eventually(async () => {
      await gateway.runCrons();
      const events = await books(stack.database.url).events(stack.tenant("shared").id);
      expect(events).toHaveLength(before + 2);
    });
  });

  it("are acknowledged when there is nothing to do, and cost nothing: the entry was refreshed, is gone, or nobody may pay", async () => {
    const { body } = await stale();
    const before = await upstream.calls();
    const needless = [
      { ...body, seenMs: body.seenMs - 1 },
      { ...body, seenMs: null },
      { ...body, path: "/userid/?username=nobody.asked" },
      { ...body, untilMs: Date.now() - 1 },
      { ...body, scope: "pool:elsewhere" },
      { ...body, tenantId: stack.tenants.find(({ status }) => status === "suspended")?.id },
    ];
    const delivered = await deliver(needless);
    expect(delivered?.explicitAcks).toHaveLength(needless.length);
    expect(await upstream.calls()).toBe(before);
  });

  it("are buried when they are none", async () => {
    await deliver([{ kind: "refresh", path: 5 }]);
    const { query } = books(stack.database.url);
    await eventually(async () => {
      const dead = await query("SELECT queue, reason FROM app.dead_messages", []);
      expect(dead).toMatchObject([{ queue: QUEUE, reason: expect.stringContaining("path") }]);
    });
  });
});
