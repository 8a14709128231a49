import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";

describe("what died on the way reaches the books", () => {
  let stack: Stack;
  let gateway: Gateway;
  let ledger: Redis;

  beforeAll(async () => {
    stack = await startStack();
    gateway = await startGateway(stack, { ABANDONED_MS: "0", UNRECORDED_MS: "0" });
    ledger = new Redis(stack.redis.url);
  });
  afterAll(async () => {
    ledger.disconnect();
    await gateway.close();
    await stack.close();
  });

  const sweep = () => gateway.runCrons();

  it("turns a reservation that its Worker never settled into an event in doubt, once over five runs", async () => {
    const tenantId = stack.tenant("shared").id;
    const eventId = "0192d3a0-0000-7abc-8def-000000000001";
    const order = { tenantId, upstreamKeyId: "platform-test", endpoint: "/userid/", credits: 1, requestId: eventId };
    await ledger.hset("tkl:open", eventId, JSON.stringify(order));
    await ledger.zadd("tkl:open-since", 1_729_000_000_000, eventId);
    await Promise.all(Array.from({ length: 5 }, sweep));
    await eventually(async () => {
      const events = await books(stack.database.url).events(tenantId);
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        event_id: eventId,
        outcome: "abandoned",
        credits_charged: 0,
        credits_in_doubt: 1,
      });
    });
    await eventually(async () =>
      expect(await ledger.exists("tkl:open", "tkl:open-since", "tkl:outbox", "tkl:outbox-since")).toBe(0),
    );
    expect(await books(stack.database.url).rollup(tenantId)).toEqual(await books(stack.database.url).recount(tenantId));
  });

  it("sends an event again that is still in the outbox, because the queue may have refused it", async () => {
    const tenantId = stack.tenant("byo").id;
    const eventId = "0192d3a0-0001-7abc-8def-000000000002";
    const event = {
      eventId,
      tenantId,
      occurredAtMs: Number.parseInt("0192d3a00001", 16),
      endpoint: "/userid/",
      status: 200,
      outcome: "success",
      creditsCharged: 1,
      creditsInDoubt: 0,
      requestId: eventId,
      upstreamKeyId: "platform-test",
    };
    await ledger.hset("tkl:outbox", eventId, JSON.stringify(event));
    await ledger.zadd("tkl:outbox-since", Date.now() - 1_000, eventId);
    await sweep();
    await sweep();
    await eventually(async () => {
      expect(await books(stack.database.url).events(tenantId)).toHaveLength(1);
      expect(await ledger.exists("tkl:outbox", "tkl:outbox-since")).toBe(0);
    });
  });

  it("sets aside what it cannot read and goes on with the rest, because damage must not end the sweep", async () => {
    const { id: tenantId } = stack.tenants[0] ?? stack.tenant("shared");
    const eventId = "0192d3a0-0002-7abc-8def-000000000003";
    const order = { tenantId, upstreamKeyId: "platform-test", endpoint: "/swept/", credits: 1, requestId: eventId };
    for (const kind of ["open", "outbox"]) {
      await ledger.hset(`tkl:${kind}`, `damaged-${kind}`, "{");
      await ledger.zadd(`tkl:${kind}-since`, 1_000, `damaged-${kind}`);
    }
    await ledger.hset("tkl:open", eventId, JSON.stringify(order));
    await ledger.zadd("tkl:open-since", 1_729_000_000_000, eventId);
    await sweep();
    await eventually(async () => {
      const swept = await books(stack.database.url).events(tenantId);
      expect(swept.filter(({ endpoint }) => endpoint === "/swept/")).toHaveLength(1);
      expect(await ledger.exists("tkl:open", "tkl:open-since", "tkl:outbox", "tkl:outbox-since")).toBe(0);
      expect(gateway.logs().join()).toContain("ledger-values-unreadable");
    });
    expect(await ledger.hgetall("tkl:unreadable")).toEqual({ "damaged-open": "{", "damaged-outbox": "{" });
  });
});
