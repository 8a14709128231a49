import { expect, it } from "vitest";
import type { Ledger, Reserve } from "../../src/core/ports.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { uuid7TimeMs } from "../../src/core/uuid7.ts";

export type LedgerUnderTest = { readonly ledger: Ledger; nowMs(): Promise<number> };

const TENANT = "00000000-0000-4000-8000-000000000001";
let orders = 0;

function order(): Reserve {
  orders += 1;
  return {
    tenantId: TENANT,
    candidates: [{ id: "platform-0001", cap: 200 }],
    endpoint: "/userid/",
    credits: 1,
    requestId: "0192d3a0-0000-7000-8000-000000000000",
    randomBits: `${orders.toString(16).padStart(19, "a")}0`,
  };
}

async function reserved(ledger: Ledger, request = order()) {
  const reservation = await ledger.reserve(request);
  if (reservation.kind !== "reserved") throw new Error("nothing was reserved");
  return { ...reservation, request };
}

function eventOf(reservation: Awaited<ReturnType<typeof reserved>>): UsageEvent {
  const { eventId, occurredAtMs, upstreamKeyId, request } = reservation;
  const { randomBits: _, candidates: __, credits, ...rest } = request;
  return {
    ...rest,
    upstreamKeyId,
    eventId,
    occurredAtMs,
    status: 200,
    outcome: "success",
    creditsCharged: credits,
    creditsInDoubt: 0,
  };
}

/** What every ledger promises, whatever it is made of. */
export function ledgerContract(make: () => Promise<LedgerUnderTest>): void {
  it("names a reservation by a UUIDv7 of the ledger's own time, because isolates' clocks differ", async () => {
    const { ledger, nowMs } = await make();
    const before = await nowMs();
    const { eventId, occurredAtMs } = await reserved(ledger);
    expect(eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuid7TimeMs(eventId)).toBe(occurredAtMs);
    expect(occurredAtMs).toBeGreaterThanOrEqual(before);
    expect(occurredAtMs).toBeLessThanOrEqual(await nowMs());
  });

  it("answers the same bits with the same reservation, because a reply may be lost after execution", async () => {
    const { ledger } = await make();
    const { eventId, request } = await reserved(ledger);
    expect((await reserved(ledger, request)).eventId).toBe(eventId);
    expect(await ledger.abandoned(-1_000, 10)).toHaveLength(1);
  });

  it("gives two reservations of one moment two ids", async () => {
    const { ledger } = await make();
    const [one, other] = await Promise.all([reserved(ledger), reserved(ledger)]);
    expect(one.eventId).not.toBe(other.eventId);
  });

  it("takes back what was reserved with the same bits, because nothing was dispatched for it", async () => {
    const { ledger } = await make();
    const { request } = await reserved(ledger);
    const kept = await reserved(ledger);
    await ledger.release(request.randomBits);
    await ledger.release(request.randomBits);
    await ledger.release("00000000000000000fff");
    expect((await ledger.abandoned(-1_000, 10)).map(({ eventId }) => eventId)).toEqual([kept.eventId]);
  });

  it("takes nothing back that was settled, because the credit is spent", async () => {
    const { ledger } = await make();
    const reservation = await reserved(ledger);
    const event = eventOf(reservation);
    await ledger.settle(event);
    await ledger.release(reservation.request.randomBits);
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([event]);
  });

  it("settles a reservation once, because a credit is counted once", async () => {
    const { ledger } = await make();
    const event = eventOf(await reserved(ledger));
    expect(await ledger.settle(event)).toBe("settled");
    expect(await ledger.settle({ ...event, creditsCharged: 9 })).toBe("already-settled");
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([event]);
  });

  it("settles nothing that was never reserved", async () => {
    const { ledger } = await make();
    const event = eventOf(await reserved(ledger));
    expect(await ledger.settle({ ...event, eventId: "0192d3a0-0000-7000-8000-00000000beef" })).toBe("already-settled");
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([]);
  });

  it("keeps a settled event in the outbox until it is forgotten, because the queue may lose it", async () => {
    const { ledger } = await make();
    const [first, second] = [eventOf(await reserved(ledger)), eventOf(await reserved(ledger))];
    await ledger.settle(first);
    await ledger.settle(second);
    await ledger.forget([first.eventId]);
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([second]);
    await ledger.forget([first.eventId, second.eventId]);
    await ledger.forget([]);
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([]);
  });

  it("hands each unrecorded event out in its turn, so that in a long outage none starves", async () => {
    const { ledger, nowMs } = await make();
    const events = [eventOf(await reserved(ledger)), eventOf(await reserved(ledger))];
    for (const event of events) await ledger.settle(event);
    const settledMs = await nowMs();
    // Until the ledger's clock has moved: two of one moment stand in the order of their names.
    while ((await nowMs()) === settledMs) continue;
    const first = await ledger.unrecorded(-1_000, 1);
    const second = await ledger.unrecorded(-1_000, 1);
    expect([...first, ...second].map(({ eventId }) => eventId).toSorted()).toEqual(
      events.map(({ eventId }) => eventId).toSorted(),
    );
  });

  it("lists open reservations with what was ordered, oldest first and no more than asked for", async () => {
    const { ledger } = await make();
    const open = [await reserved(ledger), await reserved(ledger), await reserved(ledger)];
    await ledger.settle(eventOf(await reserved(ledger)));
    const listed = await ledger.abandoned(-1_000, 10);
    expect(listed.map(({ eventId }) => eventId).toSorted()).toEqual(open.map(({ eventId }) => eventId).toSorted());
    const { randomBits: _, candidates: __, ...ordered } = order();
    expect(listed[0]).toMatchObject({ ...ordered, upstreamKeyId: "platform-0001" });
    expect(await ledger.abandoned(-1_000, 2)).toHaveLength(2);
  });

  it("calls nothing abandoned or unrecorded before its age, because it may be on its way", async () => {
    const { ledger } = await make();
    await ledger.settle(eventOf(await reserved(ledger)));
    await reserved(ledger);
    expect(await ledger.abandoned(60_000, 10)).toEqual([]);
    expect(await ledger.unrecorded(60_000, 10)).toEqual([]);
  });
}
