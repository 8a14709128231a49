import { describe, expect, it } from "vitest";
import type { UsageEvent, UsageMessage } from "../../src/core/usage.ts";
import { REFUSED_ENDPOINT } from "../support/memory-usage-ledger.ts";
import { LATE_EVENTS_MS, queueTimeline } from "../support/queue-timeline.ts";
import { sampleEvent, sampleHits } from "../support/sample-usage.ts";

const TENANT = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
const NEIGHBOUR = "6ba7b811-9dad-41d1-80b4-00c04fd430c8";

const event = (tenantId = TENANT, changes: Partial<UsageEvent> = {}): UsageMessage => ({
  kind: "event",
  event: sampleEvent(tenantId, changes),
});
const refused = (): UsageMessage => event(TENANT, { endpoint: REFUSED_ENDPOINT });
const malformed = { kind: "nobody knows" };

const sumOf = (rows: readonly { readonly calls: number }[]) => rows.reduce((sum, { calls }) => sum + calls, 0);

it("records what an outage held up, each time after twice the wait, because a queue's retries are counted", async () => {
  const { story, books, buried, ...queue } = queueTimeline();
  queue.send("m", event());
  queue.breaks("books");
  for (const seconds of [2, 4, 8]) {
    await queue.deliver();
    queue.advance(seconds * 1_000);
  }
  queue.mends();
  await queue.deliver();
  expect(story).toEqual(["m again in 2 s", "m again in 4 s", "m again in 8 s", "m done"]);
  expect(sumOf(books.rollup())).toBe(1);
  expect(buried).toEqual([]);
});

it("adds nothing for what is delivered twice or out of order, because delivery is at least once", async () => {
  const { books, waiting, ...queue } = queueTimeline();
  const messages = [event(), event(), { kind: "hits", batch: sampleHits(TENANT) } as const];
  for (const delivery of [messages, messages.toReversed(), [...messages, ...messages]]) {
    delivery.forEach((body, at) => queue.send(`m${at}`, body));
    await queue.deliver();
  }
  expect(books.rollup()).toMatchObject([{ hits: 2 }, { calls: 2, hits: 5 }]);
  expect(waiting).toEqual([]);
});

it.each([
  { poison: malformed, reason: "kind: expected", because: "no parser takes it" },
  { poison: refused(), reason: "SQLSTATE 22000 data_exception", because: "it parses, and the books refuse it" },
])("records 99 and buries the poison among them with its reason: $because", async ({ poison, reason }) => {
  const { story, books, buried, ...queue } = queueTimeline();
  for (let at = 0; at < 99; at += 1) queue.send(`good-${at}`, event());
  queue.send("poison", poison);
  await queue.deliver();
  expect(sumOf(books.rollup())).toBe(99);
  expect(buried).toEqual([
    { id: "poison", queue: "tikedge-usage", reason: expect.stringContaining(reason), body: poison },
  ]);
  expect(story.toSorted()).toEqual(
    [...Array.from({ length: 99 }, (_, at) => `good-${at} done`), "poison done"].toSorted(),
  );
});

it("finds one refused message among a hundred in some fifteen statements, because an invocation has a thousand requests", async () => {
  const queue = queueTimeline();
  for (let at = 0; at < 100; at += 1) queue.send(`${at}`, at === 37 ? refused() : event());
  await queue.deliver();
  expect(queue.statements()).toBeLessThanOrEqual(16);
});

it("buries refused hits and keeps the events that came with them, because they are recorded by another statement", async () => {
  const { books, buried, ...queue } = queueTimeline();
  const rows = [{ endpoint: REFUSED_ENDPOINT, hits: 1, creditsSaved: 1, byTier: {} }];
  queue.send("hits", { kind: "hits", batch: sampleHits(TENANT, { rows }) });
  queue.send("event", event());
  await queue.deliver();
  expect(books.rollup()).toMatchObject([{ calls: 1, hits: 0 }]);
  expect(buried.map(({ id }) => id)).toEqual(["hits"]);
});

it("gives back only what an outage in the midst of a refused delivery kept out", async () => {
  const { story, books, ...queue } = queueTimeline();
  queue.send("first", event());
  queue.send("poison", refused());
  queue.send("last", event());
  // The three are refused together, the first two as well; the first alone is recorded, and then the books are gone.
  queue.booksBreakAfter(3);
  await queue.deliver();
  expect(story).toEqual(["first done", "poison again in 2 s", "last again in 2 s"]);
  queue.mends();
  queue.advance(2_000);
  await queue.deliver();
  expect(sumOf(books.rollup())).toBe(2);
});

it("holds up no neighbour of a tenant whose usage is refused", async () => {
  const { books, waiting, ...queue } = queueTimeline();
  queue.send("poison", refused());
  queue.send("neighbour", event(NEIGHBOUR));
  await queue.deliver();
  expect(books.rollup()).toMatchObject([{ tenantId: NEIGHBOUR, calls: 1 }]);
  expect(waiting).toEqual([]);
});

it.each([
  { endpoint: "/userid/", because: "it is in the books" },
  { endpoint: REFUSED_ENDPOINT, because: "the sweep would have it buried again each minute" },
])("takes an event out of the outbox when $because", async ({ endpoint }) => {
  const { ledger, ...queue } = queueTimeline();
  const settled = await queue.settled(endpoint);
  queue.send("m", { kind: "event", event: settled });
  await queue.deliver();
  expect(await ledger.unrecorded(0, 10)).toEqual([]);
});

it("keeps an event in the outbox while it is neither recorded nor buried", async () => {
  const { ledger, ...queue } = queueTimeline();
  const settled = await queue.settled(REFUSED_ENDPOINT);
  queue.send("m", { kind: "event", event: settled });
  queue.breaks("graveyard");
  await queue.deliver();
  expect(await ledger.unrecorded(0, 10)).toEqual([settled]);
});

it("acknowledges what is recorded when the outbox does not answer, because the sweep may send it again", async () => {
  const { story, logged, ...queue } = queueTimeline();
  queue.send("m", event());
  queue.breaks("ledger");
  await queue.deliver();
  expect(story).toEqual(["m done"]);
  expect(logged).toEqual(["outbox-not-emptied"]);
});

describe("a message of several things", () => {
  const together = (...usage: readonly unknown[]) => ({ kind: "batch", usage });

  it("is recorded with a statement a tenant, and leaves the outbox at once", async () => {
    const { story, books, ledger, statements, ...queue } = queueTimeline();
    const settled = [await queue.settled("/userid/"), await queue.settled("/userid/")];
    const own = settled.map((each) => ({ kind: "event", event: each }));
    queue.send("m", together(...own, event(NEIGHBOUR), { kind: "hits", batch: sampleHits(NEIGHBOUR) }));
    queue.send("n", together(event(NEIGHBOUR)));
    await queue.deliver();
    expect(story).toEqual(["m done", "n done"]);
    expect(sumOf(books.rollup())).toBe(4);
    expect(statements()).toBe(3);
    expect(await ledger.unrecorded(0, 10)).toEqual([]);
    expect(queue.forgettings()).toBe(1);
  });

  it("loses the bad ones alone, each buried under a name of its own and once however often it comes", async () => {
    const { story, books, buried, ...queue } = queueTimeline();
    const [poison, nonsense] = [refused(), malformed];
    const body = together(event(), poison, event(NEIGHBOUR), nonsense);
    for (const _delivery of ["first", "again"]) {
      queue.send("m", body);
      await queue.deliver();
    }
    expect(story).toEqual(["m done", "m done"]);
    expect(sumOf(books.rollup())).toBe(2);
    expect(buried.map(({ id, body }) => ({ id, body })).toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
      { id: "m/1", body: poison },
      { id: "m/3", body: nonsense },
    ]);
  });

  it("comes again as long as one tenant's statement fails, and what was recorded is not recorded twice", async () => {
    const { story, books, buried, ...queue } = queueTimeline();
    queue.send("m", together(event(NEIGHBOUR), refused(), event(TENANT)));
    queue.send("n", together(event(NEIGHBOUR)));
    queue.failsFor(TENANT);
    await queue.deliver();
    expect(story).toEqual(["n done", "m again in 2 s"]);
    expect(books.rollup()).toMatchObject([{ tenantId: NEIGHBOUR, calls: 2 }]);
    queue.failsFor("nobody");
    queue.advance(2_000);
    await queue.deliver();
    expect(story.at(-1)).toBe("m done");
    expect(sumOf(books.rollup())).toBe(3);
    expect(buried.map(({ id }) => id)).toEqual(["m/1"]);
  });

  it("comes again while its bad ones cannot be buried, because nobody else has them", async () => {
    const { story, books, buried, ...queue } = queueTimeline();
    queue.send("m", together(event(), malformed));
    queue.breaks("graveyard");
    await queue.deliver();
    queue.mends();
    queue.advance(2_000);
    await queue.deliver();
    expect(story).toEqual(["m again in 2 s", "m done"]);
    expect(sumOf(books.rollup())).toBe(1);
    expect(buried).toHaveLength(1);
  });
});

describe("what comes late", () => {
  const NOW_MS = Date.UTC(2026, 10, 20);
  const lateEvent = (ageMs: number) => event(TENANT, { occurredAtMs: NOW_MS - ageMs });
  const lateHits = (ageMs: number): UsageMessage => ({
    kind: "hits",
    batch: sampleHits(TENANT, { flushedAtMs: NOW_MS - ageMs }),
  });

  it.each([
    { what: "an event", of: lateEvent },
    { what: "a batch of hits", of: lateHits },
  ])("is recorded in its own day as long as the books know its id: $what", async ({ of }) => {
    const { books, buried, ...queue } = queueTimeline();
    queue.send("m", of(LATE_EVENTS_MS));
    await queue.deliver();
    expect(new Set(books.rollup().map(({ day }) => day))).toEqual(new Set(["2026-10-16"]));
    expect(buried).toEqual([]);
  });

  it.each([
    { what: "an event", of: lateEvent },
    { what: "a batch of hits", of: lateHits },
  ])("is buried after that, for it might be counted a second time, and holds up nothing: $what", async ({ of }) => {
    const { books, buried, story, ...queue } = queueTimeline();
    queue.send("late", of(LATE_EVENTS_MS + 1));
    queue.send("good", event());
    await queue.deliver();
    expect(sumOf(books.rollup())).toBe(1);
    expect(buried).toMatchObject([{ id: "late", reason: expect.stringContaining("too late") }]);
    expect(story.toSorted()).toEqual(["good done", "late done"]);
  });

  it("leaves the outbox when it is buried, or the sweep would have it buried again each minute", async () => {
    const { ledger, ...queue } = queueTimeline();
    const settled = await queue.settled("/userid/");
    queue.send("m", { kind: "event", event: settled });
    queue.advance(LATE_EVENTS_MS + 1);
    await queue.deliver();
    expect(await ledger.unrecorded(0, 10)).toEqual([]);
  });
});

describe("thresholds of quotas that events reach", () => {
  const EVENT_ID = "0199c0de-0000-7000-8000-0000000000ee";

  it("are told through the control queue once they are committed", async () => {
    const { told, ...queue } = queueTimeline();
    queue.reaches(EVENT_ID);
    queue.send("m", event());
    queue.send("n", event());
    await queue.deliver();
    expect(told).toEqual([{ kind: "event", tenantId: TENANT, eventId: EVENT_ID }]);
  });

  it("are left to the cron when that queue refuses, because the usage is recorded all the same", async () => {
    const { story, logged, ...queue } = queueTimeline();
    queue.reaches(EVENT_ID);
    queue.breaks("control");
    queue.send("m", event());
    await queue.deliver();
    expect(story).toEqual(["m done"]);
    expect(logged).toEqual(["webhook-events-not-sent"]);
  });
});
