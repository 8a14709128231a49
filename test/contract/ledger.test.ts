import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { upstashCounters } from "../../src/adapters/upstash-counters.ts";
import { WINDOWS } from "../../src/adapters/upstash-clock-script.ts";
import { upstashLedgerBacklog } from "../../src/adapters/upstash-ledger-backlog.ts";
import { upstashLedger } from "../../src/adapters/upstash-ledger.ts";
import type { Reserve } from "../../src/core/ledger.ts";
import { quotaWindow } from "../../src/core/quota.ts";
import { uuid7 } from "../../src/core/uuid7.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memoryKeyMarks } from "../support/memory-key-marks.ts";
import { memoryLedger } from "../support/memory-ledger.ts";
import { countFrom, emptyBooks, LEDGER_SETTINGS, sampleOrder } from "../support/sample-order.ts";
import { silentLog } from "../support/silent-log.ts";
import { ledgerContract } from "./ledger.contract.ts";

const LEASE_MS = 200;

describe("the ledger in Redis", () => {
  const redis = useLocalRedis();

  const made = async () => {
    const { client } = redis();
    const counters = upstashCounters(client);
    await countFrom(counters, emptyBooks());
    return { ...upstashLedger(client, { ...LEDGER_SETTINGS, leaseMs: LEASE_MS }, silentLog), ...counters };
  };
  const nowMs = async () => {
    const [seconds, micros] = await redis().direct.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  };
  ledgerContract(async () => ({
    ledger: await made(),
    loseCounters: async (tenantId) => void (await redis().direct.del(`tkl:tenant:${tenantId}`)),
    nowMs,
    wait: (ms) => pause(ms + 1),
  }));

  it("reserves once when the reply is lost after execution and the command is sent again", async () => {
    const ledger = await made();
    await ledger.reserve(sampleOrder());
    const request = sampleOrder();
    await redis().fault({ kind: "drop-reply" });
    expect(await ledger.reserve(request)).toEqual({ kind: "unavailable" });
    expect(await ledger.reserve(request)).toMatchObject({ kind: "reserved", spent: { daily: 2, monthly: 2 } });
    expect(await redis().direct.hlen("tkl:open")).toBe(2);
  });

  it("gives credits back once when the reply to a settling is lost and it is sent again", async () => {
    const ledger = await made();
    const request = sampleOrder({ credits: 5 });
    const event = await eventOf(ledger, request);
    await redis().fault({ kind: "drop-reply" });
    expect(await ledger.settle(event, 5)).toBe("unavailable");
    expect(await ledger.settle(event, 5)).toBe("already-settled");
    expect((await ledger.read(request.tenantId))?.spent).toEqual({ daily: 1, monthly: 1 });
  });

  it("leaves nothing of what it takes back, because the sweep would find it", async () => {
    const ledger = await made();
    const request = sampleOrder({ lease: "call" });
    await ledger.reserve(request);
    expect(await redis().direct.hlen("tkl:open")).toBe(1);
    await ledger.release(request);
    expect(await redis().direct.exists("tkl:open", "tkl:lease:call")).toBe(0);
  });

  it("gives nothing back to a window that is over, and nothing of it to the one after", async () => {
    const ledger = await made();
    const request = sampleOrder({ credits: 5 });
    const event = await eventOf(ledger, request);
    const tenant = `tkl:tenant:${request.tenantId}`;
    // As if the day and the month had ended since, and others had spent 7 in the new ones.
    await redis().direct.set(tenant, "active 20991231 7 209912 7");
    await ledger.settle(event, 5);
    expect(await redis().direct.get(tenant)).toBe("active 20991231 7 209912 7");
  });

  it("begins a new day and month at zero with the counters of the last ones at hand, because those are not lost", async () => {
    const ledger = await made();
    const { tenantId } = sampleOrder();
    await redis().direct.set(`tkl:tenant:${tenantId}`, "active 20200131 4000 202001 9000");
    expect((await ledger.read(tenantId))?.spent).toEqual({ daily: 0, monthly: 0 });
    const reserved = await ledger.reserve(sampleOrder({ quotas: { daily: 1, monthly: 1 } }));
    expect(reserved).toMatchObject({ spent: { daily: 1, monthly: 1 } });
  });

  it("knows the UTC day and month of any time as every calendar does", async () => {
    const script = `${WINDOWS} local days = {} for i, ms in ipairs(ARGV) do local day, month = windows(tonumber(ms)) days[i] = day .. " " .. month end return days`;
    const edges = [2024, 2025, 2026, 2028, 2100].flatMap((year) =>
      Array.from({ length: 12 }, (_, month) => Date.UTC(year, month)).flatMap((ms) => [ms - 1, ms]),
    );
    const spread = Array.from({ length: 500 }, (_, at) => Date.UTC(2020, 0) + at * 5_123_456_789);
    const times = [...edges, ...spread];
    const expected = times.map((ms) => {
      const day = new Date(ms).toISOString().slice(0, 10).replaceAll("-", "");
      return `${day} ${day.slice(0, 6)}`;
    });
    expect(await redis().direct.eval(script, 0, ...times)).toEqual(expected);
  });

  it("counts what is open or in the outbox when it rebuilds, because the books do not have it yet", async () => {
    const ledger = await made();
    const { tenantId } = sampleOrder();
    await ledger.reserve(sampleOrder({ credits: 3 }));
    await ledger.settle(await eventOf(ledger, sampleOrder({ credits: 5 })), 5);
    await redis().direct.del(`tkl:tenant:${tenantId}`);
    await countFrom(ledger, { ...emptyBooks(), spent: { daily: 10, monthly: 20 } });
    expect((await ledger.read(tenantId))?.spent).toEqual({ daily: 14, monthly: 24 });
  });

  it("counts nothing that is another tenant's or of another day when it rebuilds, and what is in doubt, because it may have been taken", async () => {
    const ledger = await made();
    const { tenantId } = sampleOrder();
    const other = "00000000-0000-4000-8000-000000000002";
    await countFrom(ledger, emptyBooks(other));
    await ledger.reserve(sampleOrder({ tenantId: other, credits: 100 }));
    await ledger.settle({ ...(await eventOf(ledger, sampleOrder({ tenantId: other, credits: 100 }))) }, 100);
    const doubtful = await eventOf(ledger, sampleOrder({ credits: 2 }));
    await ledger.settle({ ...doubtful, creditsCharged: 0, creditsInDoubt: 2 }, 2);
    const atMs = await nowMs();
    const [day, month] = [quotaWindow("daily", atMs), quotaWindow("monthly", atMs)];
    for (const [at, ms] of [day.startMs - 1, month.startMs - 1].entries()) {
      const id = uuid7(ms, new Uint8Array(10).fill(at));
      const open = { tenantId, endpoint: "/userid/", credits: 10, requestId: "request", upstreamKeyId: "key" };
      await redis().direct.hset("tkl:open", id, JSON.stringify(open));
    }
    await redis().direct.del(`tkl:tenant:${tenantId}`);
    await countFrom(ledger, { ...emptyBooks(), spent: { daily: 0, monthly: 0 } });
    const yesterday = day.startMs > month.startMs ? 10 : 0;
    expect((await ledger.read(tenantId))?.spent).toEqual({ daily: 2, monthly: 2 + yesterday });
  });

  it.each([
    { what: "in a minute", settings: {}, cap: 1, windowMs: 60_300 },
    { what: "in a second", settings: { perSecond: 1 }, cap: 1_000, windowMs: 1_300 },
  ])(
    "counts what an upstream key gets $what for 0.3 s longer, because that may lie before the dispatch",
    async ({ settings, cap, windowMs }) => {
      await made();
      const { client } = redis();
      const other = "00000000-0000-4000-8000-000000000002";
      await countFrom(upstashCounters(client), emptyBooks(other));
      const ledger = upstashLedger(client, { ...LEDGER_SETTINGS, ...settings }, silentLog);
      const candidates = [{ id: "platform-0001", cap: 2 * cap }];
      const first = await ledger.reserve(sampleOrder({ candidates }));
      if (first.kind !== "reserved") throw new Error("nothing was reserved");
      if (cap === 1) await ledger.reserve(sampleOrder({ candidates }));
      const beforeMs = await nowMs();
      const refused = await ledger.reserve(sampleOrder({ candidates, tenantId: other }));
      const afterMs = await nowMs();
      expect(refused.kind).toBe("busy");
      const readyMs = refused.kind === "busy" ? refused.inMs - (first.occurredAtMs + windowMs) : 0;
      expect(readyMs).toBeGreaterThanOrEqual(-afterMs);
      expect(readyMs).toBeLessThanOrEqual(-beforeMs);
    },
  );

  it("counts a day and its month apart, and gives back to the month alone when the day is over", async () => {
    const ledger = await made();
    const request = sampleOrder({ credits: 5 });
    const event = await eventOf(ledger, request);
    const tenant = `tkl:tenant:${request.tenantId}`;
    const [, day, , month] = ((await redis().direct.get(tenant)) ?? "").split(" ");
    await redis().direct.set(tenant, `active 20200131 7 ${month} 9`);
    await ledger.settle(event, 5);
    expect(await redis().direct.get(tenant)).toBe(`active 20200131 7 ${month} 5`);
    const next = sampleOrder({ credits: 2 });
    for (const times of ["once", "again"])
      expect(await ledger.reserve(next), times).toMatchObject({ spent: { daily: 2, monthly: 7 } });
    expect(await redis().direct.get(tenant)).toBe(`active ${day} 2 ${month} 7`);
    await ledger.release(next);
    expect(await redis().direct.get(tenant)).toBe(`active ${day} 0 ${month} 5`);
  });

  it("says with the same bits again that something stands against the key", async () => {
    const ledger = await made();
    await redis().direct.set("tkl:marks:platform-0001", "0 0 1 0 ");
    const request = sampleOrder();
    for (const times of ["once", "again"])
      expect(await ledger.reserve(request), times).toMatchObject({ isMarked: true });
  });

  it("lists what was abandoned by its age, oldest first, whatever order it stands in", async () => {
    const ledger = await made();
    const order = {
      tenantId: sampleOrder().tenantId,
      endpoint: "/userid/",
      credits: 1,
      requestId: "r",
      upstreamKeyId: "k",
    };
    const ids = [3, 1, 2, 0].map((minutes) => uuid7(Date.now() - (minutes + 1) * 60_000, bits()));
    for (const id of ids) await redis().direct.hset("tkl:open", id, JSON.stringify(order));
    const listed = await ledger.abandoned(90_000, 2);
    expect(listed.map(({ eventId }) => eventId)).toEqual([ids[0], ids[2]]);
    expect(await ledger.abandoned(90_000, 10)).toHaveLength(3);
  });

  it("says since when the oldest reservation is open, and how many there are", async () => {
    const ledger = await made();
    const backlog = upstashLedgerBacklog(redis().client);
    const open = { name: "reservations", waiting: 0, sinceMs: null };
    const outbox = { name: "outbox", waiting: 0, sinceMs: null };
    expect(await backlog.backlog()).toEqual([open, outbox]);
    const settled = await eventOf(ledger, sampleOrder());
    await ledger.settle(settled, 1);
    const first = await eventOf(ledger, sampleOrder());
    await pause(2);
    await ledger.reserve(sampleOrder());
    expect(await backlog.backlog()).toEqual([
      { ...open, waiting: 2, sinceMs: first.occurredAtMs },
      { ...outbox, waiting: 1, sinceMs: settled.occurredAtMs },
    ]);
  });

  it("gives back no more than is counted, because below zero a quota would grow", async () => {
    const ledger = await made();
    const request = sampleOrder({ credits: 5 });
    const event = await eventOf(ledger, request);
    const tenant = `tkl:tenant:${request.tenantId}`;
    const [status, day, , month] = ((await redis().direct.get(tenant)) ?? "").split(" ");
    await redis().direct.set(tenant, `${status} ${day} 1 ${month} 2`);
    await ledger.settle(event, 5);
    expect((await ledger.read(request.tenantId))?.spent).toEqual({ daily: 0, monthly: 0 });
  });

  it.each([
    { what: "on one key", keys: 1, changes: { lease: "call" } },
    { what: "on one of three", keys: 3, changes: { lease: "call", quotas: { daily: 5, monthly: 5 } } },
    { what: "without a lease", keys: 1, changes: {} },
  ])(
    "costs at most 6 commands to reserve $what, because commands inside a script are billed",
    async ({ keys, changes }) => {
      const ledger = await made();
      const candidates = Array.from({ length: keys }, (_, at) => ({ id: `key-${at}`, cap: 200 }));
      const commands = await redis().commandsOf(() => ledger.reserve(sampleOrder({ ...changes, candidates })));
      expect(commands).toBe("lease" in changes ? 6 : 5);
    },
  );

  it("costs no more to take over from a refused account, and one command to find a call taken", async () => {
    const ledger = await made();
    const first = sampleOrder({ lease: "call" });
    await ledger.reserve(first);
    const leased = () => ledger.reserve(sampleOrder({ lease: "call" }));
    expect(await redis().commandsOf(leased)).toBe(1);
    const failure = { outcome: "account_error", status: 403, upstreamKeyId: "platform-0001" } as const;
    const left = { note: { kind: "failed", failure }, noteMs: 5_000, isSurelyHeld: false } as const;
    expect(await redis().commandsOf(() => ledger.endLease("call", first.requestId, left))).toBe(2);
    expect(await redis().commandsOf(leased)).toBe(1);
    const other = sampleOrder({ lease: "call", candidates: [{ id: "another-key", cap: 200 }] });
    expect(await redis().commandsOf(() => ledger.reserve(other))).toBe(6);
  });

  it.each([
    { what: "cost what was reserved", credits: 1, commands: 3 },
    { what: "cost less", credits: 2, commands: 5 },
  ])("costs $commands commands to settle what $what", async ({ credits, commands }) => {
    const ledger = await made();
    const event = await eventOf(ledger, sampleOrder({ credits }));
    expect(await redis().commandsOf(() => ledger.settle(event, credits))).toBe(commands);
  });

  it("costs 3 commands to take a batch out of the outbox, of however many tenants", async () => {
    const ledger = await made();
    const other = "00000000-0000-4000-8000-000000000002";
    await countFrom(ledger, emptyBooks(other));
    const events = [await eventOf(ledger, sampleOrder()), await eventOf(ledger, sampleOrder({ tenantId: other }))];
    for (const event of events) await ledger.settle(event, 1);
    expect(await redis().commandsOf(() => ledger.forget(events))).toBe(3);
    expect(await redis().direct.exists("tkl:outbox", "tkl:outbox-since")).toBe(0);
  });

  it("takes more out of the outbox than one script can take, because a sweep may have sent as much", async () => {
    const ledger = await made();
    const event = await eventOf(ledger, sampleOrder());
    await ledger.settle(event, 1);
    const others = Array.from({ length: 9_000 }, () => ({ ...event, eventId: uuid7(event.occurredAtMs, bits()) }));
    await ledger.forget([...others, event]);
    expect(await redis().direct.exists("tkl:outbox", "tkl:outbox-since")).toBe(0);
  });

  it("lets the outbox go by itself, because whoever held it may have died", async () => {
    const ledger = await made();
    const { tenantId } = sampleOrder();
    await ledger.holdOutbox(tenantId);
    const ttlMs = await redis().direct.pttl(`tkl:hold:${tenantId}`);
    expect(ttlMs).toBeGreaterThan(8_000);
    expect(ttlMs).toBeLessThanOrEqual(10_000);
  });

  const bits = () => crypto.getRandomValues(new Uint8Array(10));

  type Made = Awaited<ReturnType<typeof made>>;

  /** Of a dispatch that cost one credit. */
  async function eventOf(ledger: Made, request: Reserve) {
    const reservation = await ledger.reserve(request);
    if (reservation.kind !== "reserved") throw new Error(`nothing was reserved: ${reservation.kind}`);
    const { eventId, occurredAtMs, upstreamKeyId } = reservation;
    const { tenantId, endpoint, requestId } = request;
    const ended = { status: 200, outcome: "success", creditsCharged: 1, creditsInDoubt: 0 } as const;
    return { tenantId, endpoint, requestId, eventId, occurredAtMs, upstreamKeyId, ...ended };
  }
});

describe("the ledger in memory", () => {
  ledgerContract(async () => {
    let nowMs = Date.now();
    const clock = () => nowMs;
    const ledger = memoryLedger(clock, memoryKeyMarks(clock), {
      perSecond: 10_000,
      leaseMs: LEASE_MS,
      isCounted: false,
    });
    await countFrom(ledger, emptyBooks());
    const loseCounters = async (tenantId: string) => ledger.loseCounters(tenantId);
    return { ledger, loseCounters, nowMs: async () => nowMs, wait: async (ms) => void (nowMs += ms + 1) };
  });
});
