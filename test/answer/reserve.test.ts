import { describe, expect, it } from "vitest";
import { reserve } from "../../src/answer/reserve.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import type { Reservation, Reserve } from "../../src/core/ledger.ts";
import { sampleOrder } from "../support/sample-order.ts";
import { timeline } from "../support/timeline.ts";

const BUSY = { kind: "busy", inMs: 1_400, cap: 200 } as const;

/** A ledger that says these in turn, and then reserves. */
function saying(...said: readonly Reservation[]) {
  const t = timeline();
  const orders: Reserve[] = [];
  const ask = async (order: Reserve) => {
    orders.push(order);
    return said[orders.length - 1] ?? t.ledger.reserve(order);
  };
  const ports = { ...t.ports, ledger: { ...t.ports.ledger, reserve: ask } };
  const { wait, background } = t.ask("/userid/?username=tiktok");
  const reserving = (
    changes: Partial<Reserve> = {},
    books: Partial<typeof ports> = {},
    isAnswered = async () => false,
  ) => reserve({ ...ports, ...books }, sampleOrder(changes), { wait, background, isAnswered });
  return { reserving, orders, story: t.story, counters: t.ports.counters };
}

describe("an upstream key without room", () => {
  it("is asked for again at the time that was told, with the patience that is left and the same bits", async () => {
    const { reserving, orders, story } = saying(BUSY);
    expect(await reserving()).toMatchObject({ kind: "reserved" });
    expect(story).toEqual(["pause 1400"]);
    expect(orders.map(({ patienceMs }) => patienceMs)).toEqual([3_000, 1_600]);
    expect(new Set(orders.map(({ randomBits }) => randomBits)).size).toBe(1);
  });

  it("is not waited for past the patience, because then waiting would be for nothing", async () => {
    const { reserving, orders } = saying(BUSY, BUSY, BUSY);
    expect(await reserving()).toEqual(BUSY);
    expect(orders).toHaveLength(3);
  });

  it("is not asked for again when another's fetch brought the answer meanwhile, because that is paid for", async () => {
    const { reserving, orders } = saying(BUSY);
    expect(await reserving({}, {}, async () => true)).toEqual({ kind: "leased" });
    expect(orders).toHaveLength(1);
  });

  it.each(["refresh", "warm"] as const)("is not waited for by a %s, because nobody waits for it", async (priority) => {
    const { reserving, orders } = saying(BUSY);
    expect(await reserving({ priority })).toEqual(BUSY);
    expect(orders.map(({ patienceMs }) => patienceMs)).toEqual([0]);
  });
});

describe("any other refusal", () => {
  const spent = { daily: 10, monthly: 10 };
  it.each<Exclude<Reservation, { kind: "reserved" }>>([
    { kind: "spent", quota: "daily", spent, nowMs: 0 },
    { kind: "broken", inMs: 100 },
    { kind: "leased" },
    { kind: "suspended" },
    { kind: "unavailable" },
  ])("($kind) is passed on at once, because no patience makes it another", async (refusal) => {
    const { reserving, orders, story } = saying(refusal);
    expect(await reserving()).toEqual(refusal);
    expect(orders).toHaveLength(1);
    expect(story).toEqual([]);
  });
});

describe("a tenant without counters", () => {
  const booked = {
    tenantId: "tenant",
    status: "active",
    day: "2023-11-14",
    spent: { daily: 1, monthly: 2 },
  } as const;
  const spendingBooks = { of: async () => booked, all: async () => [] };

  it("has them made from the books once, and is asked for again", async () => {
    const { reserving, orders } = saying({ kind: "uncounted" });
    expect(await reserving({}, { spendingBooks })).toMatchObject({ kind: "reserved" });
    expect(orders).toHaveLength(2);
  });

  it("has its outbox held before the books are read, or what leaves it meanwhile would be counted nowhere", async () => {
    const { reserving, counters } = saying({ kind: "uncounted" });
    const told: string[] = [];
    await reserving(
      {},
      {
        spendingBooks: { ...spendingBooks, of: async () => (told.push("books"), booked) },
        counters: {
          ...counters,
          holdOutbox: async (tenantId) => (told.push(`hold ${tenantId}`), "a hold"),
          rebuild: async (_booked, hold) => void told.push(`rebuild by ${hold}`),
        },
      },
    );
    expect(told).toEqual(["hold 00000000-0000-4000-8000-000000000001", "books", "rebuild by a hold"]);
  });

  it("is refused when they are missing still, because that may go on for ever", async () => {
    const { reserving, orders } = saying(...Array.from({ length: 20 }, () => ({ kind: "uncounted" }) as const));
    expect(await reserving({}, { spendingBooks })).toEqual({ kind: "unavailable" });
    expect(orders).toHaveLength(2);
  });

  const isDown = { of: () => Promise.reject(new Unavailable("Postgres does not answer")), all: async () => [] };

  it("is refused when the books do not answer, because what it has spent is not known", async () => {
    const { reserving } = saying({ kind: "uncounted" }, { kind: "uncounted" });
    expect(await reserving({}, { spendingBooks: isDown })).toEqual({ kind: "unavailable" });
  });

  it("is not refused for books that answered another request, because one is enough for all", async () => {
    const { reserving } = saying({ kind: "uncounted" });
    expect(await reserving({}, { spendingBooks: isDown })).toMatchObject({ kind: "reserved" });
  });

  it("is refused when the books know no such tenant", async () => {
    const { reserving } = saying({ kind: "uncounted" }, { kind: "uncounted" });
    expect(await reserving()).toEqual({ kind: "unavailable" });
  });
});
