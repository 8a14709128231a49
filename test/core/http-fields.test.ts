import { describe, expect, it } from "vitest";
import { type BareItem, parseDictionary, parseList, Token } from "structured-headers";
import {
  cacheControl,
  cacheStatus,
  type CacheHandling,
  rateLimitFields,
  retryAfterMs,
  secondsUntil,
  serverTiming,
} from "../../src/core/http-fields.ts";
import type { Rate, RateDecision } from "../../src/core/ports.ts";

/** The one member of `Cache-Status`, read by a library that knows the grammar. */
function readCacheStatus(handling: CacheHandling) {
  const [member, ...more] = parseList(cacheStatus(handling));
  expect(more).toEqual([]);
  const [name, parameters] = member ?? [];
  expect(name).toEqual(new Token("tikedge"));
  return Object.fromEntries(Array.from(parameters ?? [], ([key, value]) => [key, plain(value)]));
}

const plain = (value: BareItem) => (value instanceof Token ? value.toString() : value);

/** The one policy of a `RateLimit` field and its parameters. */
function readRateLimit(field: string | undefined) {
  const [item] = parseList(field ?? "");
  return { policy: item?.[0], ...Object.fromEntries(item?.[1] ?? []) };
}

describe("Cache-Status", () => {
  it.each<{ handling: CacheHandling; is: object; because: string }>([
    {
      handling: { kind: "hit", detail: "memory", ttlSeconds: 1780 },
      is: { hit: true, ttl: 1780, detail: "memory" },
      because: "the isolate had it",
    },
    {
      handling: { kind: "hit", detail: "colo", ttlSeconds: 0 },
      is: { hit: true, ttl: 0, detail: "colo" },
      because: "the colo had it",
    },
    {
      handling: { kind: "hit", detail: "redis", ttlSeconds: 5 },
      is: { hit: true, ttl: 5, detail: "redis" },
      because: "Redis had it",
    },
    {
      handling: { kind: "hit", detail: "outage", ttlSeconds: -35 },
      is: { hit: true, ttl: -35, detail: "outage" },
      because: "Redis did not answer, and stale is below zero",
    },
    {
      handling: { kind: "hit", detail: "quota", ttlSeconds: -35 },
      is: { hit: true, ttl: -35, detail: "quota" },
      because: "a quota kept a new one from being fetched",
    },
    {
      handling: { kind: "miss", fwd: "uri-miss", status: 200, stored: false, collapsed: true, ttlSeconds: 3600 },
      is: { fwd: "uri-miss", "fwd-status": 200, collapsed: true, ttl: 3600 },
      because: "another request fetched it",
    },
    {
      handling: { kind: "miss", fwd: "uri-miss", status: 200, stored: true, ttlSeconds: 3600 },
      is: { fwd: "uri-miss", "fwd-status": 200, stored: true, ttl: 3600 },
      because: "it was fetched and kept",
    },
    {
      handling: { kind: "miss", fwd: "uri-miss", status: 429, stored: false },
      is: { fwd: "uri-miss", "fwd-status": 429 },
      because: "errors are not kept",
    },
    {
      handling: { kind: "miss", fwd: "uri-miss", status: null, stored: false },
      is: { fwd: "uri-miss" },
      because: "no status came",
    },
    {
      handling: { kind: "miss", fwd: "request", status: 200, stored: true, ttlSeconds: 3600 },
      is: { fwd: "request", "fwd-status": 200, stored: true, ttl: 3600 },
      because: "the client wanted something newer",
    },
    {
      handling: { kind: "hit", detail: "swr", ttlSeconds: -35 },
      is: { hit: true, ttl: -35, detail: "swr" },
      because: "it is refreshed behind the response",
    },
    {
      handling: { kind: "stale", status: 503, ttlSeconds: -900 },
      is: { fwd: "stale", "fwd-status": 503, ttl: -900, detail: "sie" },
      because: "the upstream was asked and failed",
    },
    {
      handling: { kind: "stale", status: 0, ttlSeconds: -900 },
      is: { fwd: "stale", ttl: -900, detail: "sie" },
      because: "the upstream was asked and did not answer",
    },
    {
      handling: { kind: "stale", status: 503, ttlSeconds: 900 },
      is: { fwd: "request", "fwd-status": 503, ttl: 900, detail: "sie" },
      because: "it is not past its time: something newer was demanded, and the upstream failed",
    },
    { handling: { kind: "bypass" }, is: { fwd: "bypass", detail: "download" }, because: "downloads are never kept" },
  ])("of $handling is $is: $because", ({ handling, is }) => expect(readCacheStatus(handling)).toEqual(is));
});

describe("Cache-Control of a tenant's answer", () => {
  it.each([
    { age: 0, remaining: 3_600, is: "private, max-age=60", because: "a client keeps it a minute at the most" },
    { age: 1_000, remaining: 3_600, is: "private, max-age=1060", because: "a client subtracts the age" },
    { age: 3_590, remaining: 10, is: "private, max-age=3600", because: "less than a minute is left" },
    { age: 3_635, remaining: -35, is: "private, max-age=3635", because: "what is stale is stale at the client too" },
  ])("at age $age with $remaining left is $is: $because", ({ age, remaining, is }) => {
    expect(cacheControl(age, remaining)).toBe(is);
  });
});

describe("RateLimit", () => {
  const bucket = { capacity: 600, refill: 10, everyMs: 1_000 };
  const burst = (decision: RateDecision, refill = 10): Rate => ({
    policy: "burst",
    bucket: { ...bucket, refill },
    decision,
  });

  it("states quota and window of the policy, and what is left until when", () => {
    const fields = rateLimitFields([burst({ kind: "allowed", limit: 600, remaining: 42, resetAtMs: 17_000 })], 1);
    expect(readRateLimit(fields["ratelimit-policy"])).toEqual({ policy: "burst", q: 600, w: 60 });
    expect(readRateLimit(fields["ratelimit"])).toEqual({ policy: "burst", r: 42, t: 17 });
  });

  it("never states less than nothing, nor parts of a request or a second", () => {
    const fields = rateLimitFields([burst({ kind: "allowed", limit: 600, remaining: -0.5, resetAtMs: 0 }, 7)], 5_000);
    expect(readRateLimit(fields["ratelimit-policy"])).toMatchObject({ w: 86 });
    expect(readRateLimit(fields["ratelimit"])).toEqual({ policy: "burst", r: 0, t: 0 });
  });

  it("is absent when the limiter did not answer, because figures are never invented", () => {
    expect(rateLimitFields([burst({ kind: "unavailable" })], 0)).toEqual({});
    expect(rateLimitFields([], 0)).toEqual({});
  });

  it("states every policy that a request met, and only those that answered", () => {
    const perDay = { capacity: 24, refill: 1, everyMs: 3_600_000 };
    const ofKey: Rate = {
      policy: "key",
      bucket: perDay,
      decision: { kind: "allowed", limit: 24, remaining: 3, resetAtMs: 60_000 },
    };
    const tenants = burst({ kind: "allowed", limit: 600, remaining: 42, resetAtMs: 17_000 });
    expect(rateLimitFields([tenants, ofKey], 0)).toEqual({
      "ratelimit-policy": '"burst";q=600;w=60, "key";q=24;w=86400',
      ratelimit: '"burst";r=42;t=17, "key";r=3;t=60',
    });
    expect(rateLimitFields([burst({ kind: "unavailable" }), ofKey], 0)).toEqual({
      "ratelimit-policy": '"key";q=24;w=86400',
      ratelimit: '"key";r=3;t=60',
    });
  });
});

it.each([
  { atMs: 1_001, nowMs: 0, is: 2, because: "who waits one second is too early" },
  { atMs: 1_000, nowMs: 0, is: 1, because: "a whole second is a whole second" },
  { atMs: 0, nowMs: 1_000, is: 0, because: "what is over is over" },
])("from $nowMs to $atMs are $is seconds: $because", ({ atMs, nowMs, is }) =>
  expect(secondsUntil(atMs, nowMs)).toBe(is),
);

it("Server-Timing names durations in milliseconds, to a tenth", () => {
  const parsed = parseDictionary(serverTiming({ upstream: 750.04, redis: 3 }).replaceAll(";dur", "=1;dur"));
  expect([...parsed].map(([name, [, parameters]]) => [name, parameters.get("dur")])).toEqual([
    ["upstream", 750],
    ["redis", 3],
  ]);
});

describe("Retry-After as an upstream sends it", () => {
  const nowMs = Date.UTC(2026, 10, 22, 12);
  it.each([
    { text: "30", is: 30_000, because: "it is seconds" },
    { text: "0", is: 0, because: "it may be asked at once" },
    { text: "Sun, 22 Nov 2026 12:00:05 GMT", is: 5_000, because: "it is a date" },
    { text: "Sun, 22 Nov 2026 11:00:00 GMT", is: 0, because: "the date is over" },
    { text: "-5", is: undefined, because: "no time is negative" },
    { text: "soon", is: undefined, because: "it is neither" },
    { text: "", is: undefined, because: "it is neither" },
    { text: null, is: undefined, because: "there is none" },
  ])("of $text is $is: $because", ({ text, is }) => expect(retryAfterMs(text, nowMs)).toBe(is));
});
