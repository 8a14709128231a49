import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { BYO_KEY, PLATFORM_KEY, startGateway, startStack, type Stack } from "../support/gateway.ts";
import { upstreamControl } from "../support/upstream-control.ts";
import { useGateway } from "../support/use-gateway.ts";

let number = 0;
/** A handle that no other test asks for. */
const unasked = (prefix = "someone") => `${prefix}${(number += 1)}`;

const active = { state: "active", credits: null, downloadTier: true } as const;

/** The event that a response was booked under, once it has reached the books. */
const eventOf = (stack: Stack, response: Response) =>
  eventually(async () => {
    const requestId = response.headers.get("x-request-id");
    const rows = await books(stack.database.url).events(stack.tenant("shared").id);
    const row = rows.find((each) => each.request_id === requestId);
    if (row === undefined) throw new Error("the event is not in the books yet");
    return row;
  });

describe.each(["observed", "documented"] as const)("errors as %s", (errorStyle) => {
  const running = useGateway({ UPSTREAM_DEADLINE_MS: "1500", UPSTREAM_MAX_BODY_BYTES: "200000" });

  beforeAll(() => running().upstream.setMode({ errorStyle }));
  afterEach(async () => {
    const { upstream } = running();
    await upstream.clearFaults();
    for (const key of [PLATFORM_KEY, BYO_KEY]) await upstream.setKey({ key, ...active });
  });

  it("a missing entity: passed on unchanged, and remembered 5 minutes as missing", async () => {
    const { gateway, upstream, shared } = running();
    const call = `/userinfo-by-username/?username=${unasked("missing")}`;
    const direct = await upstream.direct(call);
    const bytes = await direct.bytes();
    const before = await upstream.calls();
    const first = await gateway.get(call, { key: shared });
    expect(first.status).toBe(direct.status);
    expect(await first.bytes()).toEqual(bytes);
    const stored = `tikedge; fwd=uri-miss; fwd-status=${direct.status}; stored; ttl=300`;
    expect(first.headers.get("cache-status")).toBe(stored);
    const second = await gateway.get(call, { key: shared });
    expect(second.status).toBe(direct.status);
    expect(await second.bytes()).toEqual(bytes);
    expect(second.headers.get("cache-status")).toContain("tikedge; hit");
    expect(await upstream.calls()).toBe(before + 1);
  });

  it.each(["exhausted", "suspended"])(
    "the platform's key %s: 503 to the tenant, nothing of it shown or kept, and served again after",
    async (state) => {
      const { stack, gateway, upstream, shared } = running();
      const call = `/userid/?username=${unasked()}`;
      await upstream.setKey({ key: PLATFORM_KEY, ...active, state, credits: 0 });
      const account = await (await upstream.direct(call, PLATFORM_KEY)).text();
      for (let times = 0; times < 2; times++) {
        const response = await gateway.get(call, { key: shared });
        expect(response.status).toBe(503);
        const body = await response.text();
        expect(body).toContain("upstream-account");
        expect(body).not.toContain(account);
        expect(response.headers.get("retry-after")).toBeTruthy();
        expect((await eventOf(stack, response)).outcome).toBe("account_error");
      }
      await upstream.setKey({ key: PLATFORM_KEY, ...active });
      const healed = await gateway.get(call, { key: shared });
      expect(healed.status).toBe(200);
      expect(healed.headers.get("cache-status")).toContain("fwd=uri-miss");
    },
  );

  it("a platform key that the upstream does not know: 503, nothing of it shown or kept", async () => {
    const { stack, upstream, shared } = running();
    const gateway = await startGateway(stack, { TIKLIVE_KEY: "a-key-that-nobody-knows" });
    try {
      const call = `/userid/?username=${unasked()}`;
      const response = await gateway.get(call, { key: shared });
      expect(response.status).toBe(503);
      expect(await response.text()).not.toContain("Api-Key");
      expect((await running().gateway.get(call, { key: shared })).headers.get("cache-status")).toContain(
        "fwd=uri-miss",
      );
      expect((await upstream.meter()).keys["a-key-that-nobody-knows"]?.calls).toBe(1);
    } finally {
      await gateway.close();
    }
  });

  it("a tenant's own key out of credits: its own error, unchanged, never cached and never another's", async () => {
    const { gateway, upstream, shared, byo } = running();
    const call = `/userid/?username=${unasked()}`;
    await upstream.setKey({ key: BYO_KEY, ...active, state: "exhausted", credits: 0 });
    const direct = await upstream.direct(call, BYO_KEY);
    const bytes = await direct.bytes();
    for (let times = 0; times < 2; times++) {
      const response = await gateway.get(call, { key: byo });
      expect(response.status).toBe(direct.status);
      expect(await response.bytes()).toEqual(bytes);
      expect(response.headers.get("cache-control")).toContain("no-store");
      expect(response.headers.get("cache-status")).toContain("fwd=uri-miss");
      expect(response.headers.get("x-credits-charged")).toBe("0");
    }
    const other = await gateway.get(call, { key: shared });
    expect(other.status).toBe(200);
    expect(await other.bytes()).not.toEqual(bytes);
  });

  it.each([
    { status: 429, outcome: "rate_limited" },
    { status: 500, outcome: "server_error" },
    { status: 502, outcome: "server_error" },
    { status: 503, outcome: "server_error" },
    { status: 522, outcome: "origin_unreachable" },
    { status: 418, outcome: "client_error" },
  ])("$status: passed on unchanged, never cached, booked as $outcome", async ({ status, outcome }) => {
    const { stack, gateway, upstream, shared } = running();
    const call = `/userid/?username=${unasked()}`;
    const body = '{"status":"failed","message":"as it came"}';
    await upstream.fault({ kind: "status", status, body });
    const response = await gateway.get(call, { key: shared });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    expect(response.headers.get("cache-control")).toContain("no-store");
    expect((await eventOf(stack, response)).outcome).toBe(outcome);
    const next = await gateway.get(call, { key: shared });
    expect(next.status).toBe(200);
    expect(next.headers.get("cache-status")).toContain("fwd=uri-miss");
  });

  it.each([
    // Twice, because workerd sends a GET again by itself when a kept-alive connection breaks before the reply.
    { fault: { kind: "reset", times: 2 }, status: 502, type: "upstream-unreachable", outcome: "thrown" },
    { fault: { kind: "hang" }, status: 504, type: "upstream-timeout", outcome: "timeout" },
    { fault: { kind: "truncate" }, status: 502, type: "upstream-malformed", outcome: "truncated" },
    { fault: { kind: "garbage" }, status: 502, type: "upstream-malformed", outcome: "malformed" },
    { fault: { kind: "oversized", bytes: 300_000 }, status: 502, type: "upstream-oversized", outcome: "oversized" },
    {
      fault: { kind: "redirect", location: "https://elsewhere.example/" },
      status: 502,
      type: "upstream-redirected",
      outcome: "redirect",
    },
  ])("$fault.kind: $status $type, never cached, booked as $outcome and in doubt", async (row) => {
    const { stack, gateway, upstream, shared } = running();
    const call = `/userid/?username=${unasked()}`;
    await upstream.fault(row.fault);
    const response = await gateway.get(call, { key: shared });
    expect(response.status).toBe(row.status);
    expect(response.headers.get("location")).toBeNull();
    expect(await response.text()).toContain(row.type);
    const booked = { outcome: row.outcome, credits_charged: 0, credits_in_doubt: 1 };
    expect(await eventOf(stack, response)).toMatchObject(booked);
    const next = await gateway.get(call, { key: shared });
    expect(next.status).toBe(200);
    expect(next.headers.get("cache-status")).toContain("fwd=uri-miss");
  });

  it.each([
    {
      path: () => `/post-detail/?url=https://www.tiktok.com/@a/video/7300000000000${10_000 + (number += 1)}`,
      body: '{"msg":"odd"}',
    },
    { path: () => `/userid/?username=${unasked()}`, body: '{"status":"error","msg":"no idea"}' },
    { path: () => `/user-posts/?userid=${70_000 + (number += 1)}`, body: '{"code":-1,"msg":"server busy"}' },
  ])("a hollow answer $body: passed on unchanged and never cached", async ({ path, body }) => {
    const { gateway, upstream, shared } = running();
    const call = path();
    await upstream.fault({ kind: "status", status: 200, body, charged: true });
    const hollow = await gateway.get(call, { key: shared });
    expect(hollow.status).toBe(200);
    expect(await hollow.text()).toBe(body);
    expect(hollow.headers.get("cache-control")).toContain("no-store");
    expect((await gateway.get(call, { key: shared })).headers.get("cache-status")).toContain("fwd=uri-miss");
  });

  it("an empty list: kept one minute, since what is empty fills up", async () => {
    const { gateway, shared } = running();
    const response = await gateway.get(`/search-user/?keyword=${unasked("empty")}`, { key: shared });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-status")).toContain("stored; ttl=60");
  });
});

describe("what the upstream gets to see", () => {
  const running = useGateway();

  it("is the canonical call, the upstream key and nothing of the tenant's", async () => {
    const { gateway, upstream, shared: key } = running();
    const headers = {
      cookie: "session=canary",
      "x-forwarded-for": "203.0.113.7",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "x-canary": "canary",
      referer: "https://canary.example/",
    };
    await gateway.get("/userinfo-by-username/?username=@MrBeast", { key, headers });
    const [seen] = await upstream.seen();
    expect(seen).toMatchObject({ method: "GET", path: "/userinfo-by-username/", key: PLATFORM_KEY });
    expect(seen?.query.replace(/^\?/, "")).toBe("username=mrbeast");
    const text = JSON.stringify(seen);
    const tenants = ["canary", "203.0.113.7", "0af7651916cd43dd8448eb211c80319c", key];
    for (const secret of tenants) expect(text).not.toContain(secret);
  });
});

describe("what the runtime does by itself", () => {
  it("sends a GET again when a kept-alive connection breaks before the reply: one event here, two calls there", async () => {
    const stack = await startStack();
    const gateway = await startGateway(stack);
    try {
      const upstream = upstreamControl(stack.upstream.url);
      const key = stack.tenant("shared").apiKey;
      await gateway.get("/userid/?username=warm", { key });
      await upstream.fault({ kind: "reset", charged: true });
      const response = await gateway.get("/userid/?username=doubled", { key });
      expect(response.status).toBe(200);
      expect(await upstream.calls()).toBe(3);
      expect(await eventOf(stack, response)).toMatchObject({ credits_charged: 1 });
    } finally {
      await gateway.close();
      await stack.close();
    }
  });
});
