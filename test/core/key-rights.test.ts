import { describe, expect, it } from "vitest";
import {
  isTrialOver,
  isWebOrigin,
  limitsOf,
  mayAsk,
  rightsOf,
  servesOrigin,
  utcDay,
} from "../../src/core/key-rights.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";
import { sampleKeyRecord, sampleTenant } from "../support/sample-key-record.ts";

const publishable: KeyRecord = { ...sampleKeyRecord, kind: "publishable", origins: ["https://app.example.com"] };

describe("the rights of a key", () => {
  it.each([
    { kind: "secret", stored: ["data", "manage"], has: ["data", "manage"], because: "its row says so" },
    {
      kind: "publishable",
      stored: ["data", "refresh", "manage"],
      has: ["data"],
      because: "everybody who sees the page has the key",
    },
    { kind: "publishable", stored: ["manage"], has: [], because: "no row can make a page a manager" },
  ] as const)("of a $kind key with $stored are $has: $because", ({ kind, stored, has }) => {
    expect(rightsOf({ ...sampleKeyRecord, kind, permissions: stored }).permissions).toEqual(has);
  });

  it.each([
    { endpoints: null, path: "/userid/", may: true, because: "there is no list" },
    { endpoints: ["/userid/"], path: "/userid/", may: true, because: "it is on the list" },
    { endpoints: ["/userid/"], path: "/userinfo-by-id/", may: false, because: "it is not on the list" },
    { endpoints: ["/userid/"], path: "/userid", may: false, because: "paths are compared whole" },
    { endpoints: [], path: "/userid/", may: false, because: "an empty list is not no list" },
  ])("with the list $endpoints: $path is $may, because $because", ({ endpoints, path, may }) => {
    expect(mayAsk(rightsOf({ ...sampleKeyRecord, endpoints }), path)).toBe(may);
  });
});

describe("the limits of a request", () => {
  const limits = (record: KeyRecord) => limitsOf({ ...record, ...rightsOf(record) });
  const ofTenant = {
    policy: "burst",
    name: sampleTenant.id,
    bucket: { capacity: 600, refill: 10, everyMs: 1_000 },
  };

  it.each([
    { record: sampleKeyRecord, because: "its holder is the tenant itself" },
    { record: { ...sampleKeyRecord, dailyRequests: 5 }, because: "a budget is of publishable keys" },
  ])("by a secret key are the tenant's alone: $because", ({ record }) => expect(limits(record)).toEqual([ofTenant]));

  it.each([
    { dailyRequests: null, capacity: 1_000, everyMs: 86_400, because: "a page is bounded also when nobody said how" },
    { dailyRequests: 24, capacity: 24, everyMs: 3_600_000, because: "one comes back each hour" },
    { dailyRequests: 7, capacity: 7, everyMs: 12_342_857, because: "the limiter counts whole milliseconds" },
    { dailyRequests: 1_000_000_000, capacity: 1_000_000_000, everyMs: 1, because: "nothing comes more often" },
  ])("by a publishable key of $dailyRequests a day refill every $everyMs: $because", (row) => {
    const bucket = { capacity: row.capacity, refill: 1, everyMs: row.everyMs };
    const ofKey = { policy: "key", name: "key:abcdefghijkl", bucket };
    expect(limits({ ...publishable, dailyRequests: row.dailyRequests })).toEqual([ofTenant, ofKey]);
  });
});

describe("an origin", () => {
  const named = ["https://app.example.com", "http://localhost:5173", "null", "https://Upper.example.com"];

  it.each(["https://app.example.com", "http://localhost:5173"])("serves %s, which the key names", (origin) => {
    expect(servesOrigin({ origins: named }, origin)).toBe(true);
  });

  it.each([
    { origin: undefined, because: "a server sends none, and the key is not for servers" },
    { origin: "", because: "it is none" },
    { origin: "null", because: "every sandboxed page has it, whatever the key's row says" },
    { origin: "http://app.example.com", because: "the scheme differs" },
    { origin: "https://app.example.com:8443", because: "the port differs" },
    { origin: "https://app.example.com:443", because: "no browser writes the scheme's own port" },
    { origin: "https://app.example.com/", because: "an origin has no path" },
    { origin: "https://APP.example.com", because: "browsers write hosts in lower case" },
    { origin: "https://Upper.example.com", because: "so a key cannot name another spelling either" },
    { origin: "https://app.example.com.evil.example", because: "it only begins like it" },
    { origin: "https://evil-app.example.com", because: "it only ends like it" },
    { origin: "https://evil.example/https://app.example.com", because: "it only holds it" },
    { origin: "https://app.example.com, https://app.example.com", because: "there are two" },
    { origin: "https://user@app.example.com", because: "an origin has no user" },
    { origin: "*", because: "it is no origin" },
  ])("does not serve $origin: $because", ({ origin }) => {
    expect(servesOrigin({ origins: named }, origin)).toBe(false);
  });

  it.each(["ftp://app.example.com", "file://", "https:", "chrome-extension://abcdefgh", "javascript:alert(1)"])(
    "%s is no web page's",
    (text) => expect(isWebOrigin(text)).toBe(false),
  );
});

it.each([
  { trialEndsAtMs: null, over: false, because: "there is none" },
  { trialEndsAtMs: 1_001, over: false, because: "a millisecond is left" },
  { trialEndsAtMs: 1_000, over: true, because: "it ends exclusively" },
])("a trial until $trialEndsAtMs is over at 1000: $over, because $because", ({ trialEndsAtMs, over }) => {
  expect(isTrialOver({ ...sampleTenant, trialEndsAtMs }, 1_000)).toBe(over);
});

it.each([
  { at: "2026-01-31T23:59:59.999Z", day: "2026-01-31" },
  { at: "2026-02-01T00:00:00.000Z", day: "2026-02-01" },
])("$at is on $day, wherever the isolate runs", ({ at, day }) => expect(utcDay(Date.parse(at))).toBe(day));
