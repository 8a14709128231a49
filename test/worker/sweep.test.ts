import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuid7 } from "../../src/core/uuid7.ts";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";

/** Long enough ago to be swept, and not so long that the books take it no more. */
const AT_MS = Date.now() - 3_600_000;

function idOf(number: number): string {
  const random = Buffer.alloc(10);
  random.writeUInt32BE(number, 6);
  return uuid7(AT_MS, random);
}

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
    const eventId = idOf(1);
    const order = { tenantId, upstreamKeyId: "platform-test", endpoint: "/userid/", credits: 1, requestId: eventId };
    await ledger.hset("tkl:open", eventId, JSON.stringify(order));
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
    await eventually(async () => expect(await ledger.exists("tkl:open", "tkl:outbox", "tkl:outbox-since")).toBe(0));
    expect(await books(stack.database.url).rollup(tenantId)).toEqual(await books(stack.database.url).recount(tenantId));
  });

  it("sends an event again that is still in the outbox, because the queue may have refused it", async () => {
    const tenantId = stack.tenant("byo").id;
    const eventId = idOf(2);
    const event = {
      eventId,
      tenantId,
      occurredAtMs: AT_MS,
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
    const eventId = idOf(3);
    const order = { tenantId, upstreamKeyId: "platform-test", endpoint: "/swept/", credits: 1, requestId: eventId };
    for (const kind of ["open", "outbox"]) {
      await ledger.hset(`tkl:${kind}`, `damaged-${kind}`, "{");
    }
    await ledger.zadd("tkl:outbox-since", 1_000, "damaged-outbox");
    await ledger.hset("tkl:open", eventId, JSON.stringify(order));
    await sweep();
    await eventually(async () => {
      const swept = await books(stack.database.url).events(tenantId);
      expect(swept.filter(({ endpoint }) => endpoint === "/swept/")).toHaveLength(1);
      expect(await ledger.exists("tkl:open", "tkl:outbox", "tkl:outbox-since")).toBe(0);
      expect(gateway.logs().join()).toContain("ledger-values-unreadable");
    });
    expect(await ledger.hgetall("tkl:unreadable")).toEqual({ "damaged-open": "{", "damaged-outbox": "{" });
  });

  it("brings 2,000 events that an outage left over to the books with one run", async () => {
    const { id: tenantId } = stack.tenants[0] ?? stack.tenant("shared");
    const left = Array.from({ length: 2_000 }, (_, at) => {
      const eventId = idOf(1_000 + at);
      const outcome = { status: 200, outcome: "success", creditsCharged: 1, creditsInDoubt: 0 };
      const order = { tenantId, endpoint: "/left-over/", requestId: eventId, upstreamKeyId: "platform-test" };
      return [eventId, JSON.stringify({ ...order, ...outcome, eventId, occurredAtMs: AT_MS })] as const;
    });
    await ledger.hset("tkl:outbox", Object.fromEntries(left));
    await ledger.zadd("tkl:outbox-since", ...left.flatMap(([eventId]) => [AT_MS, eventId]));
    await sweep();
    await eventually(async () => {
      const rollup = await books(stack.database.url).rollup(tenantId);
      expect(rollup.find(({ endpoint }) => endpoint === "/left-over/")).toMatchObject({ calls: 2_000 });
      expect(await ledger.exists("tkl:outbox", "tkl:outbox-since")).toBe(0);
    });
    expect(await books(stack.database.url).rollup(tenantId)).toEqual(await books(stack.database.url).recount(tenantId));
  });
});
