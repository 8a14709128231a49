import { expect, it } from "vitest";
import type { UsageLedger } from "../../src/core/ports.ts";
import { sampleEvent, sampleHits } from "../support/sample-usage.ts";
import { nothing, type RollupRow } from "../support/memory-usage-ledger.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

/** `rollup` is sorted by tenant, day and endpoint. */
export type UsageLedgerUnderTest = { readonly ledger: UsageLedger; rollup(): Promise<RollupRow[]> };

/** What every usage ledger promises, whatever it is made of. `make` gives an empty one. */
export function usageLedgerContract(make: () => Promise<UsageLedgerUnderTest>): void {
  it("sums calls, credits and doubts for each tenant, UTC day and endpoint", async () => {
    const { ledger, rollup } = await make();
    await ledger.addEvents(TENANT_A, [
      sampleEvent(TENANT_A),
      sampleEvent(TENANT_A, { outcome: "not_found", creditsCharged: 3 }),
      sampleEvent(TENANT_A, { outcome: "timeout", creditsCharged: 0, creditsInDoubt: 1 }),
      sampleEvent(TENANT_A, { endpoint: "/user-posts/" }),
    ]);
    await ledger.addEvents(TENANT_B, [sampleEvent(TENANT_B)]);
    const day = "2026-11-20";
    expect(await rollup()).toEqual([
      { ...nothing, tenantId: TENANT_A, day, endpoint: "/user-posts/", calls: 1, creditsCharged: 1 },
      { ...nothing, tenantId: TENANT_A, day, endpoint: "/userid/", calls: 3, creditsCharged: 4, creditsInDoubt: 1 },
      { ...nothing, tenantId: TENANT_B, day, endpoint: "/userid/", calls: 1, creditsCharged: 1 },
    ]);
  });

  it("tells apart what was charged on a tenant's own key, because that is in no amount", async () => {
    const { ledger, rollup } = await make();
    const own = { upstreamKeyId: "0199c0de-0000-7000-8000-0000000000ee" };
    await ledger.addEvents(TENANT_A, [
      sampleEvent(TENANT_A, { creditsCharged: 5 }),
      sampleEvent(TENANT_A, { ...own, creditsCharged: 3 }),
      sampleEvent(TENANT_A, { ...own, outcome: "timeout", creditsCharged: 0, creditsInDoubt: 1 }),
    ]);
    await ledger.addEvents(TENANT_A, [sampleEvent(TENANT_A, { ...own, creditsCharged: 2 })]);
    expect(await rollup()).toMatchObject([{ calls: 4, creditsCharged: 10, creditsInDoubt: 1, creditsOnOwnKey: 5 }]);
  });

  it("counts an event in the day of its own millisecond, however late it comes", async () => {
    const { ledger, rollup } = await make();
    const midnightMs = Date.UTC(2026, 10, 21);
    await ledger.addEvents(TENANT_A, [sampleEvent(TENANT_A, { occurredAtMs: midnightMs })]);
    await ledger.addEvents(TENANT_A, [sampleEvent(TENANT_A, { occurredAtMs: midnightMs - 1 })]);
    expect((await rollup()).map(({ day, calls }) => ({ day, calls }))).toEqual([
      { day: "2026-11-20", calls: 1 },
      { day: "2026-11-21", calls: 1 },
    ]);
  });

  it("adds an event once, because queues deliver at least once and in any company", async () => {
    const { ledger, rollup } = await make();
    const [first, second] = [sampleEvent(TENANT_A), sampleEvent(TENANT_A)];
    await ledger.addEvents(TENANT_A, [first, first]);
    await ledger.addEvents(TENANT_A, [second, first]);
    await ledger.addEvents(TENANT_A, [{ ...first, creditsCharged: 9, creditsInDoubt: 9 }]);
    expect(await rollup()).toMatchObject([{ calls: 2, creditsCharged: 2, creditsInDoubt: 0 }]);
  });

  it("adds an event once when eight consumers have it at the same time", async () => {
    const { ledger, rollup } = await make();
    const events = Array.from({ length: 20 }, (_, at) => sampleEvent(TENANT_A, { endpoint: `/${at % 5}/` }));
    const deliveries = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? events : events.toReversed()));
    await Promise.all(deliveries.map((delivery) => ledger.addEvents(TENANT_A, delivery)));
    expect((await rollup()).map(({ calls }) => calls)).toEqual([4, 4, 4, 4, 4]);
  });

  it("records nothing of a delivery that holds another tenant's event, because one tenant never pays for another", async () => {
    const { ledger, rollup } = await make();
    await expect(ledger.addEvents(TENANT_A, [sampleEvent(TENANT_A), sampleEvent(TENANT_B)])).rejects.toThrow(Error);
    await expect(ledger.addHits(TENANT_A, [sampleHits(TENANT_A), sampleHits(TENANT_B)])).rejects.toThrow(Error);
    expect(await rollup()).toEqual([]);
  });

  it.each([
    { change: { requestId: "a\0b" }, because: "a text holds no NUL" },
    { change: { upstreamKeyId: "half \uD83D" }, because: "a text holds no half of a character" },
    { change: { creditsCharged: -1 }, because: "nobody is paid for a call" },
    { change: { occurredAtMs: 1e300 }, because: "no calendar has that day" },
  ])("refuses an event, and all that came with it, as a value: $because", async ({ change }) => {
    const { ledger, rollup } = await make();
    const good = sampleEvent(TENANT_A);
    const refused = await ledger.addEvents(TENANT_A, [good, { ...sampleEvent(TENANT_A), ...change }]);
    expect(refused).toEqual({ kind: "refused", reason: expect.stringMatching(/^SQLSTATE 2[23]\w{3} [a-z_]+$/) });
    expect(await rollup()).toEqual([]);
    expect(await ledger.addEvents(TENANT_A, [good])).toEqual({ kind: "recorded", announce: [] });
  });

  it.each([
    { change: { flushedAtMs: 1e300 }, because: "no calendar has that day" },
    { change: { flushedAtMs: 9.5e15 }, because: "a whole number can still be no day" },
    { change: { rows: [{ endpoint: "/\0/", hits: 1, creditsSaved: 1, byTier: {} }] }, because: "a text holds no NUL" },
    {
      change: { rows: [{ endpoint: "/userid/", hits: -1, creditsSaved: 0, byTier: {} }] },
      because: "nothing is hit less than never",
    },
    {
      change: { rows: [{ endpoint: "/userid/", hits: 1, creditsSaved: 1, byTier: { memory: 2, colo: -1 } }] },
      because: "no tier is hit less than never",
    },
    {
      change: { rows: [{ endpoint: "/userid/", hits: 2, creditsSaved: 2, byTier: { memory: 2, stale: 1 } }] },
      because: "the tiers have no more hits than there are",
    },
  ])("refuses a batch of hits, and all that came with it, as a value: $because", async ({ change }) => {
    const { ledger, rollup } = await make();
    const good = sampleHits(TENANT_A);
    expect(await ledger.addHits(TENANT_A, [good, { ...sampleHits(TENANT_A), ...change }])).toMatchObject({
      kind: "refused",
    });
    expect(await rollup()).toEqual([]);
    expect(await ledger.addHits(TENANT_A, [good])).toEqual({ kind: "recorded", announce: [] });
  });

  it("adds hits and what they saved beside the calls, each batch once", async () => {
    const { ledger, rollup } = await make();
    const [first, second] = [sampleHits(TENANT_A), sampleHits(TENANT_A)];
    await ledger.addEvents(TENANT_A, [sampleEvent(TENANT_A)]);
    await ledger.addHits(TENANT_A, [first, first]);
    await ledger.addHits(TENANT_A, [second, first]);
    expect(await rollup()).toMatchObject([
      { endpoint: "/user-posts/", calls: 0, hits: 4, creditsSaved: 8 },
      { endpoint: "/userid/", calls: 1, creditsCharged: 1, hits: 10, creditsSaved: 10 },
    ]);
  });

  it("tells apart where hits were from, each batch once, and those that were not told apart are in their number alone", async () => {
    const { ledger, rollup } = await make();
    const byTier = { memory: 16, colo: 8, redis: 4, joined: 2, stale: 1 };
    const told = sampleHits(TENANT_A, { rows: [{ endpoint: "/userid/", hits: 31, creditsSaved: 31, byTier }] });
    const untold = sampleHits(TENANT_A, { rows: [{ endpoint: "/userid/", hits: 100, creditsSaved: 100, byTier: {} }] });
    await ledger.addHits(TENANT_A, [told, told, untold]);
    await ledger.addHits(TENANT_A, [untold, sampleHits(TENANT_A, { rows: told.rows }), told]);
    const tiers = { hitsMemory: 32, hitsColo: 16, hitsRedis: 8, hitsJoined: 4, hitsStale: 2 };
    expect(await rollup()).toMatchObject([{ hits: 162, creditsSaved: 162, ...tiers }]);
  });

  it("takes an empty delivery for nothing", async () => {
    const { ledger, rollup } = await make();
    await ledger.addEvents(TENANT_A, []);
    await ledger.addHits(TENANT_A, []);
    await ledger.addHits(TENANT_A, [sampleHits(TENANT_A, { rows: [] })]);
    expect(await rollup()).toEqual([]);
  });
}
