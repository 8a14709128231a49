import { expect, it } from "vitest";
import type { Counters, Ledger } from "../../src/core/ledger.ts";
import { quotaWindow } from "../../src/core/quota.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { uuid7TimeMs } from "../../src/core/uuid7.ts";
import { countFrom, emptyBooks, sampleOrder } from "../support/sample-order.ts";

/** With counters of zero for the tenant of sample orders, and leases of 200 ms. */
export type LedgerUnderTest = {
  readonly ledger: Ledger & Counters;
  /** As a Redis that evicts would. */
  loseCounters(tenantId: string): Promise<void>;
  nowMs(): Promise<number>;
  /** Returns when so many milliseconds of the ledger's clock have passed. */
  wait(ms: number): Promise<void>;
};

const TENANT = "00000000-0000-4000-8000-000000000001";
const OTHER = "00000000-0000-4000-8000-000000000002";

const order = sampleOrder;

async function reserved(ledger: Ledger, request = order()) {
  const reservation = await ledger.reserve(request);
  if (reservation.kind !== "reserved") throw new Error(`nothing was reserved: ${reservation.kind}`);
  return { ...reservation, request };
}

function eventOf(reservation: Awaited<ReturnType<typeof reserved>>): UsageEvent {
  const { eventId, occurredAtMs, upstreamKeyId, request } = reservation;
  const { tenantId, endpoint, requestId, credits } = request;
  return {
    tenantId,
    endpoint,
    requestId,
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

  it("answers them with the same key of several, and takes back what is reserved on any of them", async () => {
    const { ledger } = await make();
    const candidates = ["first", "second", "third"].map((id) => ({ id, cap: 200 }));
    const taken = await Promise.all(
      Array.from({ length: 6 }, () => reserved(ledger, order({ candidates, lease: null }))),
    );
    expect(new Set(taken.map(({ upstreamKeyId }) => upstreamKeyId))).toEqual(new Set(["first", "second", "third"]));
    for (const { eventId, upstreamKeyId, occurredAtMs, request } of taken)
      expect(await ledger.reserve(request)).toMatchObject({ kind: "reserved", eventId, upstreamKeyId, occurredAtMs });
    expect((await ledger.read(TENANT))?.spent, "none was reserved twice").toEqual({ daily: 6, monthly: 6 });
    for (const { request } of taken) await ledger.release(request);
    expect(await ledger.abandoned(-1_000, 10)).toEqual([]);
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 0, monthly: 0 });
  });

  it("finds what was reserved with the same bits before it asks for a quota or a lease: both are its own", async () => {
    const { ledger } = await make();
    const { eventId, request } = await reserved(ledger, order({ lease: "call", quotas: { daily: 1, monthly: 1 } }));
    expect(await ledger.reserve(request)).toMatchObject({ kind: "reserved", eventId, spent: { daily: 1, monthly: 1 } });
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
    await ledger.release(request);
    await ledger.release(request);
    await ledger.release(order());
    expect((await ledger.abandoned(-1_000, 10)).map(({ eventId }) => eventId)).toEqual([kept.eventId]);
  });

  it("takes nothing back that was settled, because the credit is spent", async () => {
    const { ledger } = await make();
    const reservation = await reserved(ledger);
    const event = eventOf(reservation);
    await ledger.settle(event, 1);
    await ledger.release(reservation.request);
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([event]);
  });

  it("settles a reservation once, because a credit is counted once", async () => {
    const { ledger } = await make();
    const event = eventOf(await reserved(ledger));
    expect(await ledger.settle(event, 1)).toBe("settled");
    expect(await ledger.settle({ ...event, creditsCharged: 9 }, 1)).toBe("already-settled");
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([event]);
  });

  it("settles nothing that was never reserved", async () => {
    const { ledger } = await make();
    const event = eventOf(await reserved(ledger));
    expect(await ledger.settle({ ...event, eventId: "0192d3a0-0000-7000-8000-00000000beef" }, 1)).toBe(
      "already-settled",
    );
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([]);
  });

  it("keeps a settled event in the outbox until it is forgotten, because the queue may lose it", async () => {
    const { ledger } = await make();
    const [first, second] = [eventOf(await reserved(ledger)), eventOf(await reserved(ledger))];
    await ledger.settle(first, 1);
    await ledger.settle(second, 1);
    await ledger.forget([first]);
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([second]);
    await ledger.forget([first, second]);
    await ledger.forget([]);
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([]);
  });

  it("hands each unrecorded event out in its turn, so that in a long outage none starves", async () => {
    const { ledger, wait } = await make();
    const events = [eventOf(await reserved(ledger)), eventOf(await reserved(ledger))];
    for (const event of events) await ledger.settle(event, 1);
    // Until the ledger's clock has moved: two of one moment stand in the order of their names.
    await wait(2);
    const first = await ledger.unrecorded(-1_000, 1);
    const second = await ledger.unrecorded(-1_000, 1);
    expect([...first, ...second].map(({ eventId }) => eventId).toSorted()).toEqual(
      events.map(({ eventId }) => eventId).toSorted(),
    );
  });

  it("lists open reservations with what was ordered, oldest first and no more than asked for", async () => {
    const { ledger } = await make();
    const open = [await reserved(ledger), await reserved(ledger), await reserved(ledger)];
    await ledger.settle(eventOf(await reserved(ledger)), 1);
    const listed = await ledger.abandoned(-1_000, 10);
    expect(listed.map(({ eventId }) => eventId).toSorted()).toEqual(open.map(({ eventId }) => eventId).toSorted());
    const ordered = { tenantId: TENANT, endpoint: "/userid/", credits: 1, upstreamKeyId: "platform-0001" };
    expect(listed[0]).toMatchObject(ordered);
    expect(await ledger.abandoned(-1_000, 2)).toHaveLength(2);
  });

  it("calls nothing abandoned or unrecorded before its age, because it may be on its way", async () => {
    const { ledger } = await make();
    await ledger.settle(eventOf(await reserved(ledger)), 1);
    await reserved(ledger);
    expect(await ledger.abandoned(60_000, 10)).toEqual([]);
    expect(await ledger.unrecorded(60_000, 10)).toEqual([]);
  });

  it.each(["daily", "monthly"] as const)(
    "spends a %s quota to the last credit and none more, because a cap is a cap",
    async (quota) => {
      const { ledger } = await make();
      const quotas = { daily: null, monthly: null, [quota]: 5 };
      const orders = Array.from({ length: 20 }, () =>
        order({ quotas, candidates: [{ id: "platform-0001", cap: 1_000 }] }),
      );
      const reservations = await Promise.all(orders.map((each) => ledger.reserve(each)));
      expect(reservations.filter(({ kind }) => kind === "reserved")).toHaveLength(5);
      const refused = reservations.filter(({ kind }) => kind === "spent");
      expect(refused).toHaveLength(15);
      expect(refused[0]).toMatchObject({ quota, spent: { daily: 5, monthly: 5 } });
      expect(await ledger.abandoned(-1_000, 100)).toHaveLength(5);
    },
  );

  it("says of both quotas the monthly one, because the next day would not help", async () => {
    const { ledger } = await make();
    await reserved(ledger);
    const quotas = { daily: 1, monthly: 1 };
    expect(await ledger.reserve(order({ quotas }))).toMatchObject({ kind: "spent", quota: "monthly" });
  });

  it("counts credits and not calls", async () => {
    const { ledger } = await make();
    const quotas = { daily: 5, monthly: null };
    expect(await ledger.reserve(order({ quotas, credits: 3 }))).toMatchObject({ spent: { daily: 3, monthly: 3 } });
    expect(await ledger.reserve(order({ quotas, credits: 3 }))).toMatchObject({ kind: "spent", spent: { daily: 3 } });
    expect(await ledger.reserve(order({ quotas, credits: 2 }))).toMatchObject({ spent: { daily: 5, monthly: 5 } });
  });

  it.each([
    { charged: 0, inDoubt: 0, spent: 2, because: "it cost nothing" },
    { charged: 0, inDoubt: 3, spent: 5, because: "it may have been taken" },
    { charged: 2, inDoubt: 0, spent: 4, because: "the upstream took less than its price" },
    { charged: 7, inDoubt: 0, spent: 9, because: "the upstream took more than its price" },
  ])(
    "has $spent spent when $charged of 3 were charged and $inDoubt are in doubt: $because",
    async ({ charged, inDoubt, spent }) => {
      const { ledger } = await make();
      await reserved(ledger, order({ credits: 2 }));
      const event = eventOf(await reserved(ledger, order({ credits: 3 })));
      await ledger.settle({ ...event, creditsCharged: charged, creditsInDoubt: inDoubt }, 3);
      await ledger.settle({ ...event, creditsCharged: charged, creditsInDoubt: inDoubt }, 3);
      expect((await ledger.read(TENANT))?.spent).toEqual({ daily: spent, monthly: spent });
    },
  );

  it("gives back what is taken back, once", async () => {
    const { ledger } = await make();
    await reserved(ledger);
    const { request } = await reserved(ledger, order({ credits: 3 }));
    await ledger.release(request);
    await ledger.release(request);
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 1, monthly: 1 });
  });

  it("reserves nothing for a tenant without counters, because missing is not zero", async () => {
    const { ledger } = await make();
    expect(await ledger.read(OTHER)).toBeUndefined();
    expect(await ledger.reserve(order({ tenantId: OTHER, lease: "call" }))).toEqual({ kind: "uncounted" });
    expect(await ledger.abandoned(-1_000, 10)).toEqual([]);
    await countFrom(ledger, { ...emptyBooks(OTHER), spent: { daily: 3, monthly: 40 } });
    expect((await ledger.read(OTHER))?.spent).toEqual({ daily: 3, monthly: 40 });
    const again = await ledger.reserve(order({ tenantId: OTHER, lease: "call" }));
    expect(again, "the refusal left no lease").toMatchObject({ kind: "reserved", spent: { daily: 4, monthly: 41 } });
  });

  it("leaves counters that are there as they are when they are to be rebuilt", async () => {
    const { ledger } = await make();
    await reserved(ledger);
    await countFrom(ledger, { ...emptyBooks(TENANT), spent: { daily: 30, monthly: 40 } });
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 1, monthly: 1 });
  });

  /** Reserved, settled and on its way, with counters that have been lost since. */
  async function settledAndUncounted({ ledger, loseCounters }: LedgerUnderTest) {
    const event = eventOf(await reserved(ledger));
    await ledger.settle(event, 1);
    await loseCounters(TENANT);
    return event;
  }
  const bookedOne = { ...emptyBooks(TENANT), spent: { daily: 1, monthly: 1 } };

  it("counts what was booked and forgotten after the books were read, because it is in neither", async () => {
    const { ledger, ...made } = await make();
    const event = await settledAndUncounted({ ledger, ...made });
    const hold = await ledger.holdOutbox(TENANT);
    const read = emptyBooks(TENANT);
    await ledger.forget([event]);
    await ledger.rebuild(read, hold);
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 1, monthly: 1 });
    expect(await ledger.unrecorded(-1_000, 10), "the sweep will see to it").toEqual([event]);
    await ledger.forget([event]);
    expect(await ledger.unrecorded(-1_000, 10), "nothing is held for longer than that").toEqual([]);
  });

  it("counts it for each of several who make the same counters at once, whoever is first", async () => {
    const { ledger, ...made } = await make();
    const event = await settledAndUncounted({ ledger, ...made });
    const [first, second] = [await ledger.holdOutbox(TENANT), await ledger.holdOutbox(TENANT)];
    await ledger.forget([event]);
    await ledger.rebuild(emptyBooks(TENANT), second);
    await ledger.rebuild(emptyBooks(TENANT), first);
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 1, monthly: 1 });
  });

  it("makes them by the first one's hold although others began since, because that one has lasted the longest", async () => {
    const { ledger, ...made } = await make();
    await settledAndUncounted({ ledger, ...made });
    const first = await ledger.holdOutbox(TENANT);
    await ledger.holdOutbox(TENANT);
    await ledger.rebuild(emptyBooks(TENANT), first);
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 1, monthly: 1 });
  });

  it("makes no counters of books that were read before the outbox was let go, though it is held again", async () => {
    const { ledger, loseCounters, ...made } = await make();
    const event = await settledAndUncounted({ ledger, loseCounters, ...made });
    const late = await ledger.holdOutbox(TENANT);
    await countFrom(ledger, emptyBooks(TENANT));
    await ledger.forget([event]);
    await loseCounters(TENANT);
    await ledger.rebuild(emptyBooks(TENANT), late);
    expect(await ledger.read(TENANT), "nobody holds it").toBeUndefined();
    const hold = await ledger.holdOutbox(TENANT);
    await ledger.rebuild(emptyBooks(TENANT), late);
    expect(await ledger.read(TENANT), "somebody else holds it").toBeUndefined();
    await ledger.rebuild(bookedOne, hold);
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 1, monthly: 1 });
  });

  it("holds one tenant's outbox and takes the others' events out, because they are counted elsewhere", async () => {
    const { ledger } = await make();
    await countFrom(ledger, emptyBooks(OTHER));
    const held = eventOf(await reserved(ledger));
    const free = eventOf(await reserved(ledger, order({ tenantId: OTHER })));
    for (const event of [held, free]) await ledger.settle(event, 1);
    await ledger.holdOutbox(TENANT);
    await ledger.forget([free, held]);
    expect(await ledger.unrecorded(-1_000, 10)).toEqual([held]);
  });

  it("counts nothing of books of another day or month when it rebuilds", async () => {
    const { ledger, nowMs } = await make();
    const atMs = await nowMs();
    const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const before = {
      ...emptyBooks(OTHER),
      day: dayOf(quotaWindow("monthly", atMs).startMs - 1),
      spent: { daily: 3, monthly: 40 },
    };
    const after = { ...before, day: dayOf(quotaWindow("daily", atMs).endMs) };
    await countFrom(ledger, after);
    expect(await ledger.read(OTHER), "the ledger's day has not come").toBeUndefined();
    await countFrom(ledger, before);
    expect((await ledger.read(OTHER))?.spent).toEqual({ daily: 0, monthly: 0 });
  });

  it("raises a counter that says less than the books, tells by how much, and lowers none", async () => {
    const { ledger } = await make();
    await reserved(ledger, order({ credits: 5 }));
    expect(await ledger.raise([{ ...emptyBooks(), spent: { daily: 4, monthly: 9 } }])).toEqual([
      { tenantId: TENANT, window: "monthly", counted: 5, booked: 9 },
    ]);
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 5, monthly: 9 });
    const both = [
      { ...emptyBooks(OTHER), spent: { daily: 1, monthly: 1 } },
      { ...emptyBooks(), spent: { daily: 6, monthly: 10 } },
    ];
    expect(await ledger.raise(both)).toEqual([
      { tenantId: TENANT, window: "daily", counted: 5, booked: 6 },
      { tenantId: TENANT, window: "monthly", counted: 9, booked: 10 },
    ]);
    expect(await ledger.read(OTHER), "missing ones are for a rebuild").toBeUndefined();
    expect(await ledger.raise(both)).toEqual([]);
    expect(await ledger.raise([])).toEqual([]);
  });

  it("raises what a suspended tenant has spent, and it stays suspended", async () => {
    const { ledger } = await make();
    await ledger.setStatus(TENANT, "suspended");
    expect(await ledger.raise([{ ...emptyBooks(), spent: { daily: 5, monthly: 5 } }])).toHaveLength(2);
    expect(await ledger.reserve(order())).toEqual({ kind: "suspended" });
  });

  it("raises nothing by the books of another day or month, because those were read before midnight", async () => {
    const { ledger, nowMs } = await make();
    await reserved(ledger);
    const atMs = await nowMs();
    const spent = { daily: 30, monthly: 40 };
    for (const ms of [quotaWindow("monthly", atMs).startMs - 1, quotaWindow("monthly", atMs).endMs])
      expect(await ledger.raise([{ ...emptyBooks(), day: new Date(ms).toISOString().slice(0, 10), spent }])).toEqual(
        [],
      );
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 1, monthly: 1 });
  });

  it.each(["suspended", "deleted"] as const)(
    "reserves nothing for a tenant that is %s, whatever the caller has read",
    async (status) => {
      const { ledger } = await make();
      await ledger.setStatus(TENANT, status);
      expect(await ledger.reserve(order({ lease: "call" }))).toEqual({ kind: "suspended" });
      await ledger.setStatus(TENANT, "active");
      expect(await ledger.reserve(order({ lease: "call" }))).toMatchObject({ kind: "reserved" });
    },
  );

  it("keeps what was said of a tenant while its counters were missing, because the books may have been read before", async () => {
    const { ledger } = await make();
    await ledger.setStatus(OTHER, "suspended");
    expect(await ledger.reserve(order({ tenantId: OTHER }))).toEqual({ kind: "uncounted" });
    await countFrom(ledger, emptyBooks(OTHER));
    expect(await ledger.reserve(order({ tenantId: OTHER }))).toEqual({ kind: "suspended" });
  });

  it("heeds what the books say of a tenant whose counters are rebuilt", async () => {
    const { ledger } = await make();
    await countFrom(ledger, { ...emptyBooks(OTHER), status: "deleted" });
    expect(await ledger.reserve(order({ tenantId: OTHER }))).toEqual({ kind: "suspended" });
  });

  it("lets one reserve for a call while its lease is held, because the answer is for all", async () => {
    const { ledger } = await make();
    const orders = Array.from({ length: 5 }, () => order({ lease: "call" }));
    const reservations = await Promise.all(orders.map((each) => ledger.reserve(each)));
    expect(reservations.map(({ kind }) => kind).toSorted()).toEqual([
      "leased",
      "leased",
      "leased",
      "leased",
      "reserved",
    ]);
    expect((await ledger.read(TENANT))?.spent.daily, "those who wait pay nothing").toBe(1);
    expect(await ledger.reserve(order({ lease: "another call" }))).toMatchObject({ kind: "reserved" });
  });

  it("tells who has no quota that another is fetching, because waiting costs nothing", async () => {
    const { ledger } = await make();
    await reserved(ledger, order({ lease: "call" }));
    expect(await ledger.reserve(order({ lease: "call", quotas: { daily: 0, monthly: 0 } }))).toEqual({
      kind: "leased",
    });
  });

  it("ends a lease when its request says so, and when nobody renews it", async () => {
    const { ledger, wait } = await make();
    const { request } = await reserved(ledger, order({ lease: "call" }));
    await ledger.endLease("call", "another request", null);
    expect(await ledger.reserve(order({ lease: "call" }))).toEqual({ kind: "leased" });
    await ledger.endLease("call", request.requestId, null);
    const next = await reserved(ledger, order({ lease: "call" }));
    await wait(120);
    await ledger.renewLease("call", next.request.requestId);
    await ledger.renewLease("call", "another request");
    await wait(120);
    expect(await ledger.reserve(order({ lease: "call" })), "it was renewed").toEqual({ kind: "leased" });
    await wait(200);
    expect(await ledger.reserve(order({ lease: "call" }))).toMatchObject({ kind: "reserved" });
    await ledger.renewLease("call", next.request.requestId);
  });

  it("tells who looked before an answer was stored to look again, and lets them reserve when they have", async () => {
    const { ledger, wait } = await make();
    const { request } = await reserved(ledger, order({ lease: "call" }));
    await ledger.endLease("call", request.requestId, { note: { kind: "stored" }, noteMs: 5_000, isSurelyHeld: true });
    const told = await ledger.reserve(order({ lease: "call" }));
    if (told.kind !== "stored") throw new Error(`it was told of nothing: ${told.kind}`);
    expect(await ledger.reserve(order({ lease: "call", lookedAfter: "another note" }))).toEqual(told);
    const next = await reserved(ledger, order({ lease: "call", lookedAfter: told.note }));
    await ledger.endLease("call", next.request.requestId, { note: { kind: "stored" }, noteMs: 60, isSurelyHeld: true });
    const later = await ledger.reserve(order({ lease: "call", lookedAfter: told.note }));
    expect(later, "another answer was stored").toMatchObject({ kind: "stored" });
    expect(later).not.toEqual(told);
    await wait(60);
    expect(await ledger.reserve(order({ lease: "call" }))).toMatchObject({ kind: "reserved" });
  });

  it("leaves another's lease as it is when one who may have lost it has stored an answer: the other is still fetching", async () => {
    const { ledger, wait } = await make();
    const late = await reserved(ledger, order({ lease: "call" }));
    await wait(200);
    const next = await reserved(ledger, order({ lease: "call" }));
    const left = { note: { kind: "stored" }, noteMs: 5_000, isSurelyHeld: false } as const;
    expect(await ledger.renewLease("call", late.request.requestId)).toBe(false);
    await ledger.endLease("call", late.request.requestId, left);
    expect(await ledger.reserve(order({ lease: "call" }))).toEqual({ kind: "leased" });
    expect(await ledger.renewLease("call", next.request.requestId)).toBe(true);
    await ledger.endLease("call", next.request.requestId, left);
    expect(await ledger.reserve(order({ lease: "call" })), "its own to tell").toMatchObject({ kind: "stored" });
  });

  it("tells whoever comes in the next moment how a fetch failed, and lets them reserve when it is over", async () => {
    const { ledger, wait } = await make();
    const { request, upstreamKeyId } = await reserved(ledger, order({ lease: "call" }));
    const failure = { outcome: "timeout", status: 0, upstreamKeyId } as const;
    const left = { note: { kind: "failed", failure }, noteMs: 60, isSurelyHeld: false } as const;
    await ledger.endLease("call", "another request", left);
    expect(await ledger.reserve(order({ lease: "call" })), "another's to tell").toEqual({ kind: "leased" });
    await ledger.endLease("call", request.requestId, left);
    expect(await ledger.reserve(order({ lease: "call" }))).toEqual({ kind: "failed", failure });
    const elsewhere = order({ lease: "call", candidates: [{ id: "another-key", cap: 200 }] });
    expect(await ledger.reserve(elsewhere), "a failure of the upstream's").toEqual({ kind: "failed", failure });
    await ledger.renewLease("call", request.requestId);
    await ledger.endLease("call", request.requestId, { ...left, noteMs: 1_000 });
    expect(await ledger.reserve(order()), "of another call").toMatchObject({ kind: "reserved" });
    await wait(60);
    expect(await ledger.reserve(order({ lease: "call" }))).toMatchObject({ kind: "reserved" });
  });

  it.each([
    { outcome: "account_error", because: "nothing is known of its account" },
    { outcome: "unclear_error", because: "it may have been about the other account" },
  ] as const)("lets one reserve on another key than the one with the $outcome: $because", async ({ outcome }) => {
    const { ledger } = await make();
    const { request, upstreamKeyId } = await reserved(ledger, order({ lease: "call" }));
    const failure = { outcome, status: 403, upstreamKeyId } as const;
    await ledger.endLease("call", request.requestId, {
      note: { kind: "failed", failure },
      noteMs: 1_000,
      isSurelyHeld: true,
    });
    expect(await ledger.reserve(order({ lease: "call" }))).toEqual({ kind: "failed", failure });
    const other = () => order({ lease: "call", candidates: [{ id: "another-key", cap: 200 }] });
    const both = order({ lease: "call", candidates: [...other().candidates, { id: upstreamKeyId, cap: 200 }] });
    expect(await ledger.reserve(both), "it would be tried again").toEqual({ kind: "failed", failure });
    expect(await ledger.reserve(other())).toMatchObject({ kind: "reserved", upstreamKeyId: "another-key" });
    expect(await ledger.reserve(other()), "the lease is taken over").toEqual({ kind: "leased" });
    expect(await ledger.reserve(order({ lease: "call" }))).toEqual({ kind: "leased" });
  });

  it("takes a reservation back without the lease that is another's by now, or that it never asked for", async () => {
    const { ledger } = await make();
    const late = await reserved(ledger, order({ lease: "call" }));
    await ledger.endLease("call", late.request.requestId, null);
    const { request } = await reserved(ledger, order({ lease: "call" }));
    await ledger.release(late.request);
    expect(await ledger.reserve(order({ lease: "call" })), "another's").toEqual({ kind: "leased" });
    const again = await reserved(ledger, order({ requestId: request.requestId }));
    await ledger.release(again.request);
    expect(await ledger.reserve(order({ lease: "call" })), "its request's first").toEqual({ kind: "leased" });
  });

  it("ends the lease with the reservation that is taken back", async () => {
    const { ledger } = await make();
    const { request } = await reserved(ledger, order({ lease: "call" }));
    await ledger.release(request);
    expect(await ledger.reserve(order({ lease: "call" }))).toMatchObject({ kind: "reserved" });
  });

  it.each([
    { what: "the quota", changes: { quotas: { daily: 1, monthly: null } } },
    { what: "the upstream key's room", changes: { candidates: [{ id: "full", cap: 1 }] } },
  ])("leaves nothing of what $what refuses: no lease, no reservation, no credit", async ({ changes }) => {
    const { ledger } = await make();
    await reserved(ledger, order({ candidates: [{ id: "full", cap: 1 }] }));
    const refused = order({ lease: "call", ...changes });
    expect((await ledger.reserve(refused)).kind).not.toBe("reserved");
    expect(await ledger.abandoned(-1_000, 10)).toHaveLength(1);
    expect((await ledger.read(TENANT))?.spent).toEqual({ daily: 1, monthly: 1 });
    expect(
      await ledger.reserve({ ...refused, quotas: { daily: 2, monthly: 2 }, candidates: order().candidates }),
    ).toMatchObject({
      kind: "reserved",
    });
  });
}
