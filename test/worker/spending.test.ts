import { parseList } from "structured-headers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Redis } from "ioredis";
import { books } from "../support/books.ts";
import { changeCounter, readCounter, type Counter } from "../support/counters.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, type Gateway } from "../support/gateway.ts";
import { useGateway } from "../support/use-gateway.ts";

let asked = 0;
/** A call that nobody has asked. */
const coldCall = () => `/userid/?username=spending${(asked += 1)}`;

type Limits = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A `RateLimit` field's members by policy, read by a library that knows the grammar. */
function limits(response: Response, name: "ratelimit" | "ratelimit-policy"): Limits {
  const members = parseList(response.headers.get(name) ?? "");
  return Object.fromEntries(members.map(([policy, parameters]) => [policy as string, Object.fromEntries(parameters)]));
}

describe("a tenant with quotas", () => {
  const running = useGateway({
    KEY_FRESH_MS: "200",
    CONFIRM_MS: "1",
    CONFIRM_AFTER_MS: "1",
    WINDOWS: '{"region-list":{"freshMs":300,"staleMs":1}}',
  });
  let ledger: Redis;
  beforeAll(() => void (ledger = new Redis(running().stack.redis.url)));
  afterAll(() => ledger.disconnect());

  const tenant = () => running().stack.tenant("shared");
  const ask = (path = coldCall()) => running().gateway.get(path, { key: tenant().apiKey });
  const counted = async (): Promise<Counter> => {
    const counter = await readCounter(ledger, tenant().id);
    if (counter === undefined) throw new Error("the tenant has no counts");
    return counter;
  };
  const change = (changes: Partial<Counter>) => changeCounter(ledger, tenant().id, changes);

  it("learns after a dispatch what is left of them, and with a hit only what they are", async () => {
    const call = coldCall();
    const fetched = await ask(call);
    const policies = limits(fetched, "ratelimit-policy");
    expect(policies).toMatchObject({
      burst: { q: 600, w: 60 },
      daily: { q: 5_000, w: 86_400 },
      monthly: { q: 10_000 },
    });
    const { daily, monthly } = limits(fetched, "ratelimit");
    expect(daily).toMatchObject({ r: 4_999 });
    expect(monthly).toMatchObject({ r: 9_999 });
    const midnightMs = new Date().setUTCHours(24, 0, 0, 0);
    expect(Math.abs(Number(daily?.["t"]) - (midnightMs - Date.now()) / 1_000)).toBeLessThan(10);
    const hit = await ask(call);
    expect(limits(hit, "ratelimit-policy")).toEqual(policies);
    expect(Object.keys(limits(hit, "ratelimit"))).toEqual(["burst"]);
  });

  it("pays nothing for what the upstream fails at, because it goes back into the windows that it came from", async () => {
    const before = await counted();
    await running().upstream.fault({ kind: "status", status: 500, path: "/userid/", times: 1 });
    const failed = await ask();
    expect(failed.status).toBe(500);
    const left = limits(failed, "ratelimit")["daily"];
    expect(left, "before it is settled").toMatchObject({ r: 5_000 - before.daily });
    await eventually(async () => expect(await counted()).toEqual(before));
  });

  it("pays what the upstream says that it took, whatever the table says", async () => {
    const before = await counted();
    await running().upstream.fault({ kind: "credits", credits: 3, path: "/userid/", times: 1 });
    const dear = await ask();
    expect(dear.headers.get("x-credits-charged")).toBe("3");
    await eventually(async () =>
      expect(await counted()).toEqual({ ...before, daily: before.daily + 3, monthly: before.monthly + 3 }),
    );
  });

  it.each(["daily", "monthly"] as const)(
    "is refused when its %s quota is used up, with which it was and when it ends",
    async (quota) => {
      const full = { daily: 5_000, monthly: 10_000 }[quota];
      const kept = await counted();
      await change({ [quota]: full });
      const calls = await running().upstream.calls();
      const refused = await ask();
      expect(refused.status).toBe(429);
      const problem = await refused.json();
      expect(problem).toMatchObject({
        type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "violated-policies": [quota],
      });
      const left = limits(refused, "ratelimit")[quota];
      expect(left).toMatchObject({ r: 0 });
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(Number(left?.["t"]));
      expect(await running().upstream.calls(), "nothing was sent").toBe(calls);
      await change(kept);
    },
  );

  it("gets what is past its time, marked, when its quota is used up, because a budget degrades freshness before it breaks a product", async () => {
    const first = await ask("/region-list/");
    const body = await first.text();
    const kept = await counted();
    await change({ daily: 5_000 });
    const stale = await eventually(async () => {
      const response = await ask("/region-list/");
      expect(response.headers.get("cache-status")).toMatch(/^tikedge; hit; ttl=-\d+; detail=quota$/);
      return response;
    });
    expect(stale.status).toBe(200);
    expect(await stale.text()).toBe(body);
    expect(stale.headers.get("x-credits-charged")).toBe("0");
    expect(limits(stale, "ratelimit")["daily"]).toMatchObject({ r: 0 });
    await change(kept);
  });

  it("has its counters rebuilt from the books when they are lost, because missing is not zero", async () => {
    await eventually(async () => {
      const [{ spent } = { spent: 0 }] = await books(running().stack.database.url).query<{ spent: number }>(
        "SELECT sum(credits_charged + credits_in_doubt)::int AS spent FROM app.usage_daily_rollup WHERE tenant_id = $1",
        [tenant().id],
      );
      expect(spent).toBe((await counted()).daily);
    });
    const before = await counted();
    await ledger.del(`tkl:tenant:${tenant().id}`);
    expect((await ask()).status).toBe(200);
    expect(await counted()).toEqual({ ...before, daily: before.daily + 1, monthly: before.monthly + 1 });
  });

  it("is refused by the ledger as soon as it is suspended, whatever an isolate has read of it", async () => {
    await change({ status: "suspended" });
    const refused = await ask();
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ type: expect.stringContaining("tenant-suspended") });
    await change({ status: "active" });
    expect((await ask()).status).toBe(200);
  });
});

describe("one call that many ask at once", () => {
  const running = useGateway({ JOIN_MS: "20" });
  let other: Gateway;
  beforeAll(async () => void (other = await startGateway(running().stack, { JOIN_MS: "20" })));
  afterAll(() => other.close());

  it("is fetched once over two Workers, and those who waited pay nothing", async () => {
    const { gateway, upstream, shared } = running();
    const call = coldCall();
    await upstream.fault({ kind: "delay", delayMs: 500, path: "/userid/", times: 1 });
    const before = await upstream.calls();
    const responses = await Promise.all(
      Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? gateway : other).get(call, { key: shared })),
    );
    const bodies = new Set(await Promise.all(responses.map((response) => response.text())));
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
    expect(bodies.size).toBe(1);
    expect((await upstream.calls()) - before).toBe(1);
    const charged = responses.map(({ headers }) => Number(headers.get("x-credits-charged")));
    expect(charged.reduce((sum, credits) => sum + credits, 0)).toBe(1);
    const joined = responses.filter(({ headers }) => headers.get("cache-status")?.includes("collapsed"));
    expect(joined.length).toBeGreaterThan(0);
    expect(joined[0]?.headers.get("cache-status")).toMatch(
      /^tikedge; fwd=uri-miss; fwd-status=200; collapsed; ttl=\d+$/,
    );
  });
});

describe("an upstream in trouble", () => {
  const settings = {
    RETRY_CREDITS: "3",
    RETRY_PERCENT: "0",
    RETRY_PAUSE_MS: "1",
    BREAKER_FAILURES: "4",
    BREAKER_REST_MS: "400",
  };
  const WINDOWS = '{"region-list":{"freshMs":1,"staleMs":1}}';
  const running = useGateway({
    ...settings,
    WINDOWS,
    COOL_DOWN_MOST_MS: "600",
    COOL_DOWN_MS: "600",
    CAPACITY_WAIT_MS: "0",
  });
  const ask = (path = coldCall()) => running().gateway.get(path, { key: running().shared });
  const fails = (status: number, times: number) =>
    running().upstream.fault({ kind: "status", status, path: "/userid/", times });

  it.each([502, 503, 504])("is asked again after %i, and the answer is served", async (status) => {
    const before = await running().upstream.calls();
    await fails(status, 1);
    expect((await ask()).status).toBe(200);
    expect((await running().upstream.calls()) - before).toBe(2);
  });

  it("is asked no more than the budget for retries has, because retries multiply the load of who is in trouble already", async () => {
    const before = await running().upstream.calls();
    await fails(502, 1);
    expect((await ask()).status).toBe(502);
    expect((await running().upstream.calls()) - before).toBe(1);
    expect((await ask()).status).toBe(200);
  });

  it("rests after four failures in a row, is tried by one request, and serves all again when that is answered", async () => {
    await fails(500, 4);
    for (const _ of [1, 2, 3, 4]) expect((await ask()).status).toBe(500);
    const { refused, before } = await eventually(async () => {
      const calls = await running().upstream.calls();
      const response = await ask();
      expect(response.status).toBe(503);
      return { refused: response, before: calls };
    });
    expect(await refused.json()).toMatchObject({ type: expect.stringMatching(/upstream-resting$/) });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await running().upstream.calls(), "nothing was sent").toBe(before);
    await eventually(async () => expect((await ask()).status).toBe(200));
    expect((await ask()).status).toBe(200);
  });

  it("is sent nothing on a key that it refused with 429 until that has cooled down", async () => {
    await fails(429, 1);
    expect((await ask()).status).toBe(429);
    const before = await running().upstream.calls();
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ "violated-policies": ["upstream"] });
    expect(limits(refused, "ratelimit-policy")).toMatchObject({ upstream: { q: 2_000, w: 60 } });
    expect(limits(refused, "ratelimit")).toMatchObject({ upstream: { r: 0, t: 1 } });
    expect(await running().upstream.calls()).toBe(before);
    await eventually(async () => expect((await ask()).status).toBe(200));
  });

  it("has what is past its time served for it, marked, and not counted as a hit", async () => {
    const { stack, shared, gateway, upstream } = running();
    const body = await (await gateway.get("/region-list/", { key: shared })).text();
    const before = await upstream.calls();
    const stale = await eventually(async () => {
      await upstream.fault({ kind: "status", status: 500, path: "/region-list/", times: 1 });
      const response = await gateway.get("/region-list/", { key: shared });
      expect(response.headers.get("cache-status")).toMatch(
        /^tikedge; fwd=stale; fwd-status=500; ttl=-?\d+; detail=sie$/,
      );
      return response;
    });
    expect({ status: stale.status, body: await stale.text() }).toEqual({ status: 200, body });
    expect(stale.headers.get("x-credits-charged")).toBe("0");
    expect(await upstream.calls()).toBeGreaterThan(before);
    const requestId = stale.headers.get("x-request-id");
    await eventually(async () => {
      const events = await books(stack.database.url).events(stack.tenant("shared").id);
      expect(events.find(({ request_id }) => request_id === requestId)).toMatchObject({ outcome: "server_error" });
    });
  });
});
