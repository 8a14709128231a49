import { describe, expect, it } from "vitest";
import { Unavailable } from "../../src/core/control-ports.ts";
import { NEVER_PURGED } from "../../src/core/purge.ts";
import type { KeyRecord, Tenant } from "../../src/core/tenant.ts";
import { madeUpKey } from "../support/cast.ts";
import { ADMIN_TOKEN, controlPlane, TENANT } from "../support/control-plane.ts";
import { readingOf } from "../support/reading.ts";
import { sampleKeyRecord, sampleTenant } from "../support/sample-key-record.ts";

const NOON = Date.parse("2026-01-31T12:00:00Z");
const CALL = "/userid/?username=tiktok";

const tenant: Tenant = { ...sampleTenant, id: TENANT, quotas: { daily: 5_000, monthly: null } };

/** Nothing is cached, and everything answers. */
const nothing = {
  memory: { get: () => undefined },
  colo: { get: async () => ({ kind: "absent" }) },
  redis: { get: async () => ({ kind: "absent" }) },
  confirm: { refresh: () => undefined, purgedAt: () => NEVER_PURGED },
  limiter: { take: async () => ({ kind: "unavailable" }), peek: async () => ({ tokens: 600, atMs: NOON }) },
  counters: { read: async () => ({ spent: { daily: 5, monthly: 50 }, nowMs: NOON }) },
  spendingBooks: { of: async () => ({ spent: { daily: 4, monthly: 40 }, day: "2026-01-31" }) },
  upstreamKeys: { open: async () => ({ kind: "opened", keys: [{ cap: 200 }, { cap: 100 }] }) },
  namespaceVersion: "1",
  platformDownloadTier: true,
  windowOverrides: {},
  staleIfErrorMs: 86_400_000,
  derives: true,
  memoryMs: 60_000,
  outageMs: 900_000,
};

type Given = {
  readonly ports?: object;
  readonly found?: Partial<Tenant>;
  /** The key that asks; the operator does without one. */
  readonly key?: Partial<KeyRecord>;
};

function explain(path: string, { ports = {}, found = {}, key }: Given = {}) {
  const ask = controlPlane({
    ...nothing,
    tenantRecords: { find: async () => ({ kind: "found", tenant: { ...tenant, ...found }, readAtMs: NOON }) },
    identifyKey: async () => ({ ...sampleKeyRecord, tenant, ...key }),
    ...ports,
  });
  const as = key === undefined ? { credential: ADMIN_TOKEN, tenant: TENANT } : { credential: madeUpKey() };
  return ask("GET", `/v1/explain?path=${encodeURIComponent(path)}`, as);
}

const burst = (tokens: number) => ({ limiter: { ...nothing.limiter, peek: async () => ({ tokens, atMs: NOON }) } });

describe("an explanation", () => {
  it("names the canonical call, its windows, what it costs, and the limits that it meets", async () => {
    const { status, body } = await explain("/userid/?username=@TikTok");
    expect(status).toBe(200);
    const day = { fresh_seconds: 86_400, stale_seconds: 86_400, error_seconds: 86_400 };
    expect(body).toEqual({
      path: CALL,
      endpoint: "/userid/",
      parameters: { username: "tiktok" },
      scope: "pool:default",
      class: "userid",
      windows: { deployment: day, tenant: day },
      credits: 1,
      would: "fetch",
      because: "absent",
      tier: null,
      cached: { memory: { state: "absent" }, colo: { state: "absent" }, redis: { state: "absent" } },
      limits: {
        source: "ledger",
        data: [
          { policy: "burst", limit: 600, used: 0, remaining: 600, resets_at: "2026-01-31T12:00:00.000Z" },
          { policy: "daily", limit: 5_000, used: 5, remaining: 4_995, resets_at: "2026-02-01T00:00:00.000Z" },
          { policy: "monthly", limit: null, used: 50, remaining: null, resets_at: "2026-02-01T00:00:00.000Z" },
        ],
        upstream_calls_per_minute: 300,
      },
      retrievable_until: null,
      key: {
        redis: expect.stringMatching(/^tla:v1:pool:default:userid:[0-9a-f]{64}$/),
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        identity: '["1","pool:default","","/userid/",[["username","tiktok"]]]',
      },
    });
  });

  it("shows the windows that the tenant tightened beside the deployment's", async () => {
    const { body } = await explain(CALL, { found: { windows: { userid: { freshMs: 600_000, staleMs: 0 } } } });
    expect(body["windows"]).toEqual({
      deployment: { fresh_seconds: 86_400, stale_seconds: 86_400, error_seconds: 86_400 },
      tenant: { fresh_seconds: 600, stale_seconds: 0, error_seconds: 0 },
    });
  });

  it("counts what is left of a copy by the tenant's own windows, and its body in bytes", async () => {
    const entry = {
      kind: "answer",
      windows: "userid",
      status: 200,
      body: '{"id":"é"}',
      etag: '"e"',
      fetchedAtMs: NOON - 60_500,
      reservedAtMs: NOON - 61_000,
      freshMs: 86_400_000,
      staleMs: 86_400_000,
      errorMs: 86_400_000,
      derived: true,
    };
    const stored = { entry, confirmedAtMs: NOON };
    const redis = { get: async () => ({ kind: "found", stored, purged: { hardMs: 0, softMs: NOON - 61_000 } }) };
    const own = { windows: { userid: { freshMs: 50_000, staleMs: 50_000 } } };
    const { body } = await explain(CALL, { ports: { redis }, found: own });
    expect(body).toMatchObject({
      would: "stale",
      because: "purged",
      tier: "redis",
      cached: {
        redis: {
          state: "present",
          standing: "stale",
          trusted: true,
          purged: "soft",
          kind: "answer",
          derived: true,
          class: "userid",
          age_seconds: 60,
          ttl_seconds: -10,
          status: 200,
          etag: '"e"',
          body_bytes: 11,
        },
      },
      retrievable_until: "2026-02-02T11:58:59.500Z",
    });
    const inItsWindow = await explain(CALL, { ports: { redis } });
    expect(inItsWindow.body, "purged softly, so past its time").toMatchObject({
      cached: { redis: { ttl_seconds: 0 } },
    });
  });

  it("hears of changes before it looks, as a request does: a near copy is weighed by them", async () => {
    const steps: string[] = [];
    const heard = (step: string) => async () => (steps.push(step), { kind: "absent" });
    const confirm = { ...nothing.confirm, refresh: () => readingOf(heard("changes")) };
    await explain(CALL, { ports: { confirm, colo: { get: heard("colo") }, redis: { get: heard("redis") } } });
    expect(steps).toEqual(["changes", "colo", "redis"]);
  });

  it("has no windows for a download, which is never kept", async () => {
    const { body } = await explain("/download-video/?url=https://www.tiktok.com/@a/video/73");
    expect(body).toMatchObject({ class: "download", windows: null, would: "fetch", because: "never-kept" });
  });

  it.each([
    { when: { found: { status: "suspended" } }, because: "tenant-suspended" },
    { when: { found: { trialEndsAtMs: NOON } }, because: "trial-ended" },
    { when: { ports: burst(0) }, because: "burst" },
    { when: { found: { quotas: { daily: 5, monthly: null } } }, because: "daily" },
    { when: { found: { quotas: { daily: null, monthly: 50 } } }, because: "monthly" },
    {
      when: { ports: { upstreamKeys: { open: async () => ({ kind: "unavailable" }) } } },
      because: "upstream-key-unavailable",
    },
  ] as const)("says $because when that is what a call would be refused for", async ({ when, because }) => {
    expect((await explain(CALL, when)).body).toMatchObject({ would: "refuse", because, tier: null });
  });

  it("says nothing of the bucket while the limiter does not answer, for then it lets everybody on", async () => {
    const { body } = await explain(CALL, { ports: { limiter: { ...nothing.limiter, peek: async () => undefined } } });
    expect(body).toMatchObject({ would: "fetch", limits: { data: [{ policy: "daily" }, { policy: "monthly" }] } });
  });

  it("goes by the books for counters that are missing, as the ledger would, and says so", async () => {
    const ports = { counters: { read: async () => undefined } };
    const quotas = { daily: 4, monthly: null };
    expect((await explain(CALL, { ports, found: { quotas } })).body).toMatchObject({
      would: "refuse",
      because: "daily",
      limits: { source: "books" },
    });
  });

  it("shows what answers while Redis does not: the cache, the ledger or both", async () => {
    const isOut = { redis: { get: async () => ({ kind: "unavailable" }) } };
    const ledgerOut = { counters: { read: () => Promise.reject(new Unavailable("down")) } };
    const both = await explain(CALL, { ports: { ...isOut, ...ledgerOut } });
    expect(both.status).toBe(200);
    expect(both.body).toMatchObject({
      would: "refuse",
      because: "cache-unavailable",
      cached: { memory: { state: "absent" }, redis: { state: "unavailable" } },
      limits: { source: "books" },
    });
    expect((await explain(CALL, { ports: ledgerOut })).body).toMatchObject({ because: "ledger-unavailable" });
  });

  it("is 503 when the tenant cannot be read, and 404 when it is gone", async () => {
    const directory = (kind: string) => ({ ports: { tenantRecords: { find: async () => ({ kind }) } } });
    expect((await explain(CALL, directory("unavailable"))).status).toBe(503);
    expect((await explain(CALL, directory("absent"))).status).toBe(404);
  });
});

describe("who gets one", () => {
  it("learns the key only as the operator: it is how answers are told apart, and no tenant's business", async () => {
    for (const permissions of [["data"], ["data", "manage"]] as const) {
      const { status, body, text } = await explain(CALL, { key: { permissions } });
      expect(status).toBe(200);
      expect(body).not.toHaveProperty("key");
      expect(text).not.toMatch(/tla:|[0-9a-f]{64}/);
    }
  });

  it.each([
    { key: { permissions: ["refresh"] }, problem: "forbidden", because: "it may not read data" },
    { key: { endpoints: ["/userinfo-by-id/"] }, problem: "endpoint-not-allowed", because: "it may not ask this" },
    { key: { kind: "publishable" }, problem: "forbidden", because: "it is everybody's" },
  ] as const)("a key with $key is refused: $because", async ({ key, problem }) => {
    expect(await explain(CALL, { key })).toMatchObject({ status: 403, problem });
  });

  it("a key for this endpoint alone may, and so may one that manages: it could issue itself such a key", async () => {
    expect((await explain(CALL, { key: { endpoints: ["/userid/"] } })).status).toBe(200);
    const managing = { permissions: ["manage"], endpoints: ["/userinfo-by-id/"] } as const;
    expect((await explain(CALL, { key: managing })).status).toBe(200);
  });
});

describe("a path that is no call", () => {
  it.each([
    { path: "/userid", named: [{ name: "path", reason: "names no endpoint; there is one at /userid/" }] },
    { path: "/nothing/?a=b", named: [{ name: "path", reason: "names no endpoint" }] },
    { path: "/__proto__/", named: [{ name: "path", reason: "names no endpoint" }] },
    { path: "/userid/", named: [{ name: "username", reason: "is required" }] },
    {
      path: "/userid/?username=a%20b&user=c",
      named: [
        { name: "user", reason: "is not a parameter of this endpoint" },
        { name: "username", reason: "must be a username of letters, digits, dots and underscores" },
      ],
    },
    { path: "/userid/?username=a&username=b", named: [{ name: "username", reason: "is given more than once" }] },
    {
      path: "userid/?username=a",
      named: [{ name: "path", reason: "is not a path with its query, such as /userid/?username=tiktok" }],
    },
    {
      path: "/challenge-info-name/?name=a#b",
      named: [{ name: "path", reason: "is not a path with its query, such as /userid/?username=tiktok" }],
    },
    {
      path: `/userid/?username=${"a".repeat(4_096)}`,
      named: [{ name: "path", reason: "is longer than 4096 characters" }],
    },
  ])("as $path is 400 and named, and nothing is looked at", async ({ path, named }) => {
    const unread = { redis: {}, colo: {}, memory: {}, counters: {}, tenantRecords: {} };
    const { status, body } = await explain(path, { ports: unread });
    expect(status).toBe(400);
    expect(body["invalid_parameters"]).toEqual(named);
  });
});
