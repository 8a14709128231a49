import { describe, expect, it } from "vitest";
import {
  parseOpenReservation,
  parseUsageEvent,
  parseRefreshMessage,
  parseUsageMessage,
} from "../../src/core/messages.ts";
import { uuid7 } from "../../src/core/uuid7.ts";

const occurredAtMs = 1_763_800_000_000;
const id = uuid7(occurredAtMs, new Uint8Array(10));
const event = {
  eventId: id,
  tenantId: "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
  occurredAtMs,
  endpoint: "/userid/",
  status: 200,
  outcome: "success",
  creditsCharged: 1,
  creditsInDoubt: 0,
  requestId: "request-1",
  upstreamKeyId: "platform-1",
};
const batch = {
  batchId: id,
  tenantId: event.tenantId,
  flushedAtMs: occurredAtMs + 5,
  rows: [{ endpoint: "/userid/", hits: 3, creditsSaved: 3, byTier: { memory: 2, stale: 1 } }],
};

/** An id and the time in it, so that the time is wrong by itself alone. */
const timedAt = (ms: number) => ({ eventId: uuid7(ms, new Uint8Array(10)), occurredAtMs: ms });

/** What a message says that is about one thing. */
const parsedOf = (body: unknown) => {
  const [part, ...others] = parseUsageMessage(body);
  if (part === undefined || others.length > 0) throw new Error("it is not about one thing");
  return part.parsed;
};

const reasonOf = (body: unknown) => {
  const parsed = parsedOf(body);
  return parsed.kind === "malformed" ? parsed.reason : "";
};

describe("a usage message", () => {
  it.each([
    { message: { kind: "event", event }, because: "it is an event" },
    { message: { kind: "hits", batch }, because: "it is a batch of hits" },
    { message: { kind: "event", event: { ...event, status: 0, outcome: "thrown" } }, because: "no status is 0" },
    { message: { kind: "event", event: { ...event, endpoint: "/some-day-new/" } }, because: "endpoints come and go" },
  ])("is read: $because", ({ message }) => expect(parsedOf(message)).toEqual({ kind: "ok", message }));

  it("is read thing by thing when it carries several, because what is wrong with one is not wrong with the others", () => {
    const usage = [{ kind: "event", event }, { kind: "nobody knows" }, { kind: "hits", batch }];
    expect(parseUsageMessage({ kind: "batch", usage, sentBy: "v2" })).toEqual([
      { body: usage[0], parsed: { kind: "ok", message: usage[0] } },
      { body: usage[1], parsed: { kind: "malformed", reason: expect.stringMatching(/^kind: /) } },
      { body: usage[2], parsed: { kind: "ok", message: usage[2] } },
    ]);
  });

  it.each([
    { body: { kind: "batch", usage: [] }, because: "it carries nothing" },
    { body: { kind: "batch" }, because: "nobody knows what it carries" },
    { body: { kind: "batch", usage: [{ kind: "batch", usage: [] }] }, because: "no message is in another" },
  ])("is malformed as a whole when $because", ({ body }) => expect(reasonOf(body)).toMatch(/^kind: /));

  it("loses what it does not know and nothing else, because a newer version's money must not be buried", () => {
    const newer = { kind: "event", event: { ...event, colo: "FRA" }, sentBy: "v2" };
    expect(parsedOf(newer)).toEqual({ kind: "ok", message: { kind: "event", event } });
  });

  it.each([
    { sent: {}, because: "an older version did not tell hits apart" },
    { sent: { byTier: { orbit: 3 } }, because: "a newer version has another tier" },
  ])("counts hits in their number alone when $because", ({ sent }) => {
    const row = { endpoint: "/userid/", hits: 3, creditsSaved: 3 };
    const parsed = parsedOf({ kind: "hits", batch: { ...batch, rows: [{ ...row, ...sent }] } });
    expect(parsed).toMatchObject({ kind: "ok", message: { batch: { rows: [{ ...row, byTier: {} }] } } });
    expect(JSON.stringify(parsed)).not.toContain("orbit");
  });

  const key = {
    keyId: "abcdefghijkl",
    calls: 1,
    creditsCharged: 1,
    creditsInDoubt: 0,
    creditsOnOwnKey: 0,
    hits: 2,
    creditsSaved: 2,
    byTier: { memory: 2 },
  };
  const served = { latency: [{ tier: "memory", bucket: 0, requests: 2 }], keys: [key] };

  it.each([
    { sent: {}, is: {}, because: "an older version counted no requests" },
    { sent: served, is: served, because: "this one does" },
    {
      sent: { ...served, latency: [{ tier: "orbit", bucket: 40, requests: 1 }] },
      is: { ...served, latency: [{ tier: "orbit", bucket: 40, requests: 1 }] },
      because: "a newer one may have more tiers and buckets, and its hits must not be buried for them",
    },
    { sent: { keys: [{ ...key, colo: "FRA" }] }, is: { keys: [key] }, because: "nobody asks what is not known" },
  ])("is read with what requests came to: $because", ({ sent, is }) => {
    const parsed = parsedOf({ kind: "hits", batch: { ...batch, ...sent } });
    expect(parsed).toEqual({ kind: "ok", message: { kind: "hits", batch: { ...batch, ...is } } });
  });

  it.each([
    { change: { latency: [{ tier: "memory", bucket: -1, requests: 1 }] }, at: "latency.0.bucket" },
    { change: { latency: [{ tier: "memory", bucket: 1_000, requests: 1 }] }, at: "latency.0.bucket" },
    { change: { latency: [{ tier: "", bucket: 0, requests: 1 }] }, at: "latency.0.tier" },
    { change: { latency: [{ tier: "memory", bucket: 0, requests: 0.5 }] }, at: "latency.0.requests" },
    { change: { keys: [{ ...key, creditsCharged: -1 }] }, at: "keys.0.creditsCharged" },
    { change: { keys: [{ ...key, keyId: "a\0b" }] }, at: "keys.0.keyId" },
    { change: { keys: Array.from({ length: 1_001 }, () => key) }, at: "keys" },
  ])("is malformed at batch.$at, because such counts are damage", ({ change, at }) =>
    expect(reasonOf({ kind: "hits", batch: { ...batch, ...change } })).toMatch(new RegExp(`^batch\\.${at}: `)),
  );

  it.each([
    { change: { occurredAtMs: occurredAtMs + 1 }, at: "occurredAtMs", because: "the time is not the id's" },
    { change: { eventId: event.tenantId }, at: "eventId", because: "the id has no time" },
    { change: { eventId: id.toUpperCase() }, at: "eventId", because: "an id has one spelling" },
    { change: { tenantId: "tenant" }, at: "tenantId", because: "tenants are UUIDs" },
    { change: { endpoint: "userid" }, at: "endpoint", because: "an endpoint is a path" },
    { change: { endpoint: `/${"a".repeat(200)}/` }, at: "endpoint", because: "no path is that long" },
    { change: { outcome: "constructor" }, at: "outcome", because: "it is no outcome" },
    { change: { status: 1_000 }, at: "status", because: "it is no status" },
    { change: { creditsCharged: -1 }, at: "creditsCharged", because: "credits are never negative" },
    { change: { creditsCharged: 0.5 }, at: "creditsCharged", because: "credits are whole" },
    { change: { creditsCharged: 1_000_001 }, at: "creditsCharged", because: "that is damage" },
    { change: { creditsInDoubt: Number.NaN }, at: "creditsInDoubt", because: "it is no number" },
    { change: { creditsCharged: "1" }, at: "creditsCharged", because: "a text is no number" },
    { change: { requestId: "" }, at: "requestId", because: "it groups nothing" },
    { change: { requestId: "a\0b" }, at: "requestId", because: "Postgres keeps no NUL" },
    { change: { upstreamKeyId: "platform-\uD83D" }, at: "upstreamKeyId", because: "half a character is none" },
    { change: { upstreamKeyId: "platform-é" }, at: "upstreamKeyId", because: "our names are ASCII" },
    { change: timedAt(Date.UTC(2020, 0) - 1), at: "occurredAtMs", because: "there was no gateway" },
    { change: timedAt(Date.UTC(2100, 0) + 1), at: "occurredAtMs", because: "that clock went wrong" },
    { change: { upstreamKeyId: undefined }, at: "upstreamKeyId", because: "nobody knows who paid" },
  ])("is malformed at $at: $because", ({ change, at }) => {
    expect(reasonOf({ kind: "event", event: { ...event, ...change } })).toMatch(new RegExp(`^event\\.${at}: `));
  });

  it.each([
    { body: { kind: "hits", batch: { ...batch, rows: [] } }, at: "batch.rows", because: "it counts nothing" },
    {
      body: { kind: "hits", batch: { ...batch, rows: [{ endpoint: "/a/", hits: -1, creditsSaved: 0 }] } },
      at: "batch.rows.0.hits",
      because: "hits are never negative",
    },
    {
      body: {
        kind: "hits",
        batch: { ...batch, rows: [{ endpoint: "/a/", hits: 1, creditsSaved: 0, byTier: { redis: 0.5 } }] },
      },
      at: "batch.rows.0.byTier.redis",
      because: "hits are whole",
    },
    {
      body: { kind: "hits", batch: { ...batch, flushedAtMs: 1e300 } },
      at: "batch.flushedAtMs",
      because: "no day is it",
    },
    { body: { kind: "hits", batch: { ...batch, flushedAtMs: 0 } }, at: "batch.flushedAtMs", because: "it is 1970" },
    { body: { kind: "other" }, at: "kind", because: "nobody knows this kind" },
    { body: { event }, at: "kind", because: "it does not say what it is" },
    { body: { kind: "event" }, at: "event", because: "the event is missing" },
    { body: null, at: "message", because: "it is nothing" },
    { body: "event", at: "message", because: "it is a text" },
    { body: [], at: "kind", because: "it is a list" },
  ])("is malformed at $at: $because", ({ body, at }) => expect(reasonOf(body)).toMatch(new RegExp(`^${at}: `)));

  it("is refused without repeating its values, because the reason is logged", () => {
    const secrets = Object.keys(event).map((name) =>
      reasonOf({ kind: "event", event: { ...event, [name]: "hunter2" } }),
    );
    expect(secrets.filter((reason) => reason !== "")).toHaveLength(8);
    expect(secrets.join()).not.toContain("hunter2");
    expect(reasonOf("hunter2") + reasonOf({ kind: "hunter2" })).not.toContain("hunter2");
  });
});

describe("a refresh message", () => {
  const message = {
    kind: "refresh",
    path: "/userid/?username=tiktok",
    tenantId: event.tenantId,
    scope: "pool:default",
    seenMs: occurredAtMs,
    untilMs: occurredAtMs + 1,
    priority: "refresh",
  };
  it.each([
    { change: {}, because: "it is one" },
    { change: { seenMs: null, priority: "warm" }, because: "nothing was there" },
    { change: { scope: `tenant:${event.tenantId}` }, because: "answers may be a tenant's own" },
  ])("is read with $change: $because", ({ change }) =>
    expect(parseRefreshMessage({ ...message, ...change })).toEqual({ kind: "ok", message: { ...message, ...change } }),
  );

  it.each([
    { change: { kind: "other" }, at: "kind" },
    { change: { path: "x".repeat(8_193) }, at: "path" },
    { change: { tenantId: "somebody" }, at: "tenantId" },
    { change: { scope: "everything" }, at: "scope" },
    { change: { seenMs: 5 }, at: "seenMs" },
    { change: { seenMs: undefined }, at: "seenMs" },
    { change: { untilMs: null }, at: "untilMs" },
    { change: { priority: "interactive" }, at: "priority" },
  ])("is malformed with $change", ({ change, at }) => {
    const parsed = parseRefreshMessage({ ...message, ...change });
    expect(parsed.kind === "malformed" ? parsed.reason : "").toMatch(new RegExp(`^${at}: `));
  });
});

describe("what the ledger holds", () => {
  const { tenantId, endpoint, requestId, upstreamKeyId } = event;
  const order = { tenantId, endpoint, requestId, upstreamKeyId, credits: 1 };

  it("is read as the event that was written", () => {
    expect(parseUsageEvent(JSON.stringify(event))).toEqual(event);
  });

  it("is read as the reservation that was written, with the time of its id", () => {
    expect(parseOpenReservation(id, JSON.stringify(order))).toEqual({ ...order, eventId: id, occurredAtMs });
  });

  it.each([
    { read: () => parseUsageEvent("{"), because: "it is no JSON" },
    { read: () => parseUsageEvent("{}"), because: "it is no event" },
    { read: () => parseUsageEvent(JSON.stringify({ ...event, occurredAtMs: 1 })), because: "its time is not its id's" },
    { read: () => parseOpenReservation(id, "{"), because: "it is no JSON" },
    {
      read: () => parseOpenReservation(timedAt(2 ** 48 - 1).eventId, JSON.stringify(order)),
      because: "the event it becomes would be no message",
    },
    { read: () => parseOpenReservation("x", JSON.stringify(order)), because: "its id has no time" },
    {
      read: () => parseOpenReservation(id, JSON.stringify({ ...order, credits: -1 })),
      because: "no price is negative",
    },
  ])("is nothing when $because", ({ read }) => expect(read()).toBeUndefined());
});
