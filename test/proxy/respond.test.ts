import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/answer/answer.ts";
import { hitFields } from "../../bench/in-workerd/hit-fields.ts";
import { findEndpoint, type Call } from "../../src/core/catalogue.ts";
import type { Outcome } from "../../src/core/charge.ts";
import type { Entry } from "../../src/core/entry.ts";
import type { Rate } from "../../src/core/ports.ts";
import { onError } from "../../src/on-error.ts";
import type { ProxyEnv } from "../../src/proxy/request.ts";
import { respond } from "../../src/proxy/respond.ts";
import { sampleKeyRecord, sampleTenant } from "../support/sample-key-record.ts";
import { sampleRequest } from "../support/sample-request.ts";
import { silentLog } from "../support/silent-log.ts";

const NOW_MS = 1_700_000_000_000;
const ENTRY: Entry = {
  identity: "call",
  kind: "answer",
  windows: "userid",
  status: 200,
  contentType: "application/json",
  body: '{"id":"1"}',
  etag: '"e"',
  fetchedAtMs: NOW_MS,
  reservedAtMs: NOW_MS,
  freshMs: 3_600_000,
  staleMs: 3_600_000,
  errorMs: 86_400_000,
  derived: false,
};

type Asked = {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly tenant?: object;
  readonly pageOrigin?: string;
  readonly rates?: readonly Rate[];
};

/** The response to a request for which this is the answer. */
async function responseTo(
  answer: Answer,
  { tenant = {}, pageOrigin, rates = [], ...init }: Asked = {},
): Promise<Response> {
  const endpoint = findEndpoint("/userid/");
  if (endpoint === undefined) throw new Error("no such endpoint");
  const identity = { ...sampleKeyRecord, tenant: { ...sampleTenant, ...tenant } };
  const call: Call = { endpoint, params: [["username", "one"]] };
  const app = new Hono<ProxyEnv>();
  app.onError(onError(silentLog));
  app.get("*", (c) =>
    respond(() => NOW_MS)({ ...sampleRequest(c.req.url, c.req.raw), identity, call, rates }, answer, pageOrigin),
  );
  return app.request("/userid/?username=one", init);
}

/** An entry of this age, seconds, as it is served. */
const aged = (seconds: number, more: Partial<Entry> = {}) => ({
  stored: { entry: { ...ENTRY, fetchedAtMs: NOW_MS - seconds * 1_000, ...more }, confirmedAtMs: NOW_MS },
  outage: false,
});

describe("an answer that is served from a cache", () => {
  it.each<{ answer: Answer; age: number; ttl: number; keeps: number; because: string }>([
    { answer: { kind: "refreshing", ...aged(3_700) }, age: 3_700, ttl: -100, keeps: 0, because: "its time is over" },
    { answer: { kind: "refreshing", ...aged(100) }, age: 100, ttl: 0, keeps: 0, because: "it was purged softly" },
    {
      answer: { kind: "hit", tier: "redis", ...aged(3_590) },
      age: 3_590,
      ttl: 10,
      keeps: 10,
      because: "so much is left",
    },
    {
      answer: { kind: "hit", tier: "redis", ...aged(-300) },
      age: 0,
      ttl: 3_600,
      keeps: 60,
      because: "another's clock is fast",
    },
    { answer: { kind: "joined", ...aged(0) }, age: 0, ttl: 3_600, keeps: 60, because: "it has just come" },
  ])(
    "states Age $age, ttl $ttl, and $keeps more seconds to its client: $because",
    async ({ answer, age, ttl, keeps }) => {
      const { headers } = await responseTo(answer);
      expect(headers.get("age")).toBe(String(age));
      expect(headers.get("cache-status")).toMatch(new RegExp(`ttl=${ttl}(?:;|$)`));
      expect(headers.get("cache-control")).toBe(`private, max-age=${age + keeps}`);
    },
  );

  it.each<{ answer: Answer; because: string }>([
    { answer: { kind: "refreshing", ...aged(3_700) }, because: "past its time" },
    { answer: { kind: "hit", tier: "redis", ...aged(5, { derived: true }) }, because: "derived" },
    { answer: { kind: "hit", tier: "memory", ...aged(5) }, because: "fresh" },
  ])("is 304 to who has it, with the same fields as in full: $because", async ({ answer }) => {
    const full = await responseTo(answer);
    const same = await responseTo(answer, { headers: { "if-none-match": '"other", W/"e"' } });
    expect(same.status).toBe(304);
    expect(await same.text()).toBe("");
    for (const field of ["age", "etag", "cache-control", "cache-status", "vary", "cdn-cache-control"])
      expect(same.headers.get(field), field).toBe(full.headers.get(field));
  });

  it("has the fields with which the benchmark's ceiling is measured, no more and no fewer", async () => {
    const allowed = { kind: "allowed", limit: 600, remaining: 5, resetAtMs: NOW_MS } as const;
    const rates = [
      { policy: "burst", bucket: { capacity: 600, refill: 10, everyMs: 1_000 }, decision: allowed },
    ] as const;
    const { headers } = await responseTo({ kind: "hit", tier: "memory", ...aged(5) }, { rates });
    expect([...headers.keys()].toSorted()).toEqual(Object.keys(hitFields()).toSorted());
  });

  it("may be read by the page of the key's origin, and by no other: what caches keep apart is said beside it", async () => {
    const answer: Answer = { kind: "hit", tier: "memory", ...aged(5) };
    const shared = await responseTo(answer, { pageOrigin: "https://app.example.com" });
    expect(shared.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(shared.headers.get("access-control-allow-credentials")).toBeNull();
    expect(shared.headers.get("vary")).toBe("Accept-Encoding, Origin");
    expect(await shared.text()).toBe(ENTRY.body);
    const { headers } = await responseTo(answer);
    expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    expect(headers.get("vary")).toBe("Accept-Encoding");
  });

  it("answers HEAD with the fields of GET and no body", async () => {
    const answer: Answer = { kind: "refreshing", ...aged(3_700) };
    const [get, head] = [await responseTo(answer), await responseTo(answer, { method: "HEAD" })];
    expect(await head.text()).toBe("");
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
  });
});

describe("what is told of another request's fetch that failed a moment ago", () => {
  const told = async (outcome: Outcome, keyMode: "shared" | "byo") => {
    const failure = { outcome, status: 403, upstreamKeyId: "key" };
    const response = await responseTo({ kind: "refused", because: "failed", failure }, { tenant: { keyMode } });
    const { type, detail } = await response.json<{ type: string; detail: string }>();
    return { status: response.status, type: type.split("/").at(-1), detail };
  };

  it.each(["account_error", "unclear_error"] as const)(
    "is nothing of an %s to who shares the platform's keys, because the account is not the tenant's",
    async (outcome) => {
      const { status, type, detail } = await told(outcome, "shared");
      expect({ status, type }).toEqual({ status: 503, type: "upstream-account" });
      expect(detail).not.toContain(outcome.replace("_", " "));
    },
  );

  it("is that its own key was refused to a tenant that brings one", async () => {
    expect(await told("account_error", "byo")).toMatchObject({ status: 502, type: "upstream-failed" });
  });

  it.each([
    { outcome: "timeout", status: 504, because: "it did not answer in time" },
    { outcome: "server_error", status: 502, because: "it failed" },
    { outcome: "client_error", status: 403, because: "it would refuse this request too" },
  ] as const)("is $status after $outcome: $because", async ({ outcome, status }) => {
    expect(await told(outcome, "shared")).toMatchObject({ status, type: "upstream-failed" });
  });
});
