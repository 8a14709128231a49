import { expect, it } from "vitest";
import type { Ledger } from "../../src/core/ledger.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { sweep } from "../../src/cron/sweep.ts";
import { memoryLedger } from "../support/memory-ledger.ts";
import { sampleOrder } from "../support/sample-order.ts";

const TENANT = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
const ABANDONED_MS = 120_000;
const UNRECORDED_MS = 60_000;

/** A sweep over doubles and a simulated clock. What was sent and what was logged is in `sent` and `logged`, in order. */
function timeline() {
  let nowMs = Date.UTC(2026, 10, 20);
  let queueIsDown = false;
  const sent: UsageEvent[] = [];
  const logged: string[] = [];
  const ledger = memoryLedger(() => nowMs, undefined, { perSecond: 10_000 });
  const run = (changes: Partial<Ledger> = {}) =>
    sweep({
      ledger: { ...ledger, ...changes },
      usageQueue: {
        send: async (messages) => {
          if (queueIsDown) throw new Error("queue down");
          sent.push(...messages.flatMap((each) => (each.kind === "event" ? [each.event] : [])));
        },
      },
      log: { info: () => undefined, error: (event) => void logged.push(event) },
      abandonedMs: ABANDONED_MS,
      unrecordedMs: UNRECORDED_MS,
    });
  return {
    ledger,
    sent,
    logged,
    run,
    advance: (ms: number) => void (nowMs += ms),
    queueDown: (down: boolean) => void (queueIsDown = down),
    /** Reserves for a Worker and returns what it would settle with. */
    reserve: async (): Promise<UsageEvent> => {
      const order = { tenantId: TENANT, endpoint: "/userid/", requestId: "request" };
      const reservation = await ledger.reserve(
        sampleOrder({ ...order, credits: 2, candidates: [{ id: "platform", cap: 10_000 }] }),
      );
      if (reservation.kind !== "reserved") throw new Error("nothing was reserved");
      const { kind: _, isMarked: __, spent: ___, ...reserved } = reservation;
      const outcome = { status: 200, outcome: "success", creditsCharged: 2, creditsInDoubt: 0 } as const;
      return { ...order, ...outcome, ...reserved };
    },
  };
}

const down = () => Promise.reject(new Error("Redis down"));

it("turns a reservation that nobody settled into an event in doubt, because the upstream may have counted it", async () => {
  const { sent, ...t } = timeline();
  const event = await t.reserve();
  t.advance(ABANDONED_MS - 1);
  await t.run();
  expect(sent).toEqual([]);
  t.advance(1);
  await t.run();
  expect(sent).toEqual([{ ...event, status: 0, outcome: "abandoned", creditsCharged: 0, creditsInDoubt: 2 }]);
});

it("closes each reservation once over five runs at the same time, because crons overlap", async () => {
  const { sent, ...t } = timeline();
  await Promise.all(Array.from({ length: 7 }, () => t.reserve()));
  t.advance(ABANDONED_MS);
  await Promise.all(Array.from({ length: 5 }, () => t.run()));
  expect(sent).toHaveLength(7);
  expect(new Set(sent.map(({ eventId }) => eventId)).size).toBe(7);
});

it("leaves the event to its Worker when that settles after all, because what happened is better than doubt", async () => {
  const { sent, ledger, ...t } = timeline();
  const event = await t.reserve();
  t.advance(ABANDONED_MS);
  await t.run({
    abandoned: async (ageMs, limit) => {
      const listed = await ledger.abandoned(ageMs, limit);
      await ledger.settle(event, 2);
      return listed;
    },
  });
  expect(sent).toEqual([event]);
});

it("leaves the doubt when the Worker settles after the sweep, because what is closed is final", async () => {
  const { sent, ledger, ...t } = timeline();
  const event = await t.reserve();
  t.advance(ABANDONED_MS);
  await t.run();
  expect(await ledger.settle(event, 2)).toBe("already-settled");
  expect(await ledger.unrecorded(0, 10)).toEqual(sent);
});

it("sends an event again each time it has waited long enough, until it is recorded, because the queue may lose it", async () => {
  const { sent, ledger, ...t } = timeline();
  const event = await t.reserve();
  await ledger.settle(event, 2);
  t.advance(UNRECORDED_MS - 1);
  await t.run();
  expect(sent).toEqual([]);
  t.advance(1);
  await t.run();
  t.advance(UNRECORDED_MS);
  await t.run();
  await ledger.forget([event]);
  await t.run();
  expect(sent).toEqual([event, event]);
});

it("loses nothing when the queue refuses, because what was closed is in the outbox", async () => {
  const { sent, logged, ...t } = timeline();
  await t.reserve();
  t.advance(ABANDONED_MS);
  t.queueDown(true);
  await t.run();
  t.queueDown(false);
  t.advance(UNRECORDED_MS);
  await t.run();
  expect(logged).toEqual(["unrecorded-not-sent"]);
  expect(sent).toMatchObject([{ outcome: "abandoned" }]);
});

it("sends what is settled when it cannot tell what is abandoned, because its halves fail each by itself", async () => {
  const { sent, logged, ledger, ...t } = timeline();
  const settled = await t.reserve();
  await t.reserve();
  await ledger.settle(settled, 2);
  t.advance(ABANDONED_MS);
  await t.run({ abandoned: down });
  expect(logged).toEqual(["abandoned-not-closed"]);
  expect(sent).toMatchObject([{ outcome: "success" }]);
});

it("closes what is abandoned when it cannot send, because a Worker that comes late must not have the last word", async () => {
  const { sent, logged, ledger, ...t } = timeline();
  const event = await t.reserve();
  t.advance(ABANDONED_MS);
  await t.run({ unrecorded: down });
  expect(logged).toEqual(["unrecorded-not-sent"]);
  expect(sent).toEqual([]);
  expect(await ledger.settle(event, 2)).toBe("already-settled");
});

it("stops closing when Redis is gone and still sends what it closed, because each of the rest would wait in vain", async () => {
  const { sent, ledger, ...t } = timeline();
  await Promise.all(Array.from({ length: 10 }, () => t.reserve()));
  t.advance(ABANDONED_MS);
  let asked = 0;
  await t.run({ settle: async (event, credits) => ((asked += 1) > 3 ? "unavailable" : ledger.settle(event, credits)) });
  expect(asked).toBe(5);
  expect(sent).toHaveLength(3);
  await t.run();
  expect(sent).toHaveLength(10);
});

it("takes on 400 abandoned ones in a run and the rest in the next, because an invocation has 1,000 requests", async () => {
  const { sent, ...t } = timeline();
  await Promise.all(Array.from({ length: 450 }, () => t.reserve()));
  t.advance(ABANDONED_MS);
  await t.run();
  expect(sent).toHaveLength(400);
  await t.run();
  expect(new Set(sent.map(({ eventId }) => eventId)).size).toBe(450);
});

it("sends 2,000 events that an outage left over in one run, each once, because the books are to be whole within a minute", async () => {
  const { sent, ledger, ...t } = timeline();
  const events = await Promise.all(Array.from({ length: 2_000 }, () => t.reserve()));
  for (const event of events) await ledger.settle(event, 2);
  t.advance(UNRECORDED_MS);
  await t.run();
  expect(sent).toHaveLength(2_000);
  expect(new Set(sent.map(({ eventId }) => eventId)).size).toBe(2_000);
});

it("ends, although an outbox that is never emptied would hand out the same for ever", async () => {
  const { sent, ledger, ...t } = timeline();
  const events = await Promise.all(Array.from({ length: 200 }, () => t.reserve()));
  for (const event of events) await ledger.settle(event, 2);
  await t.run({ unrecorded: (_ageMs, limit) => ledger.unrecorded(0, limit) });
  expect(sent).toHaveLength(15 * 200);
});
