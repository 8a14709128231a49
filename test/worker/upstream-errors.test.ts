import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { BYO_KEY, PLATFORM_KEY, startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { upstreamControl, type UpstreamControl } from "../support/upstream-control.ts";

let number = 0;
/** A handle that no other test asks for. */
const unasked = (prefix = "someone") => `${prefix}${(number += 1)}`;

describe.each(["observed", "documented"] as const)("errors as %s", (errorStyle) => {
  let stack: Stack;
  let gateway: Gateway;
  let upstream: UpstreamControl;
  let shared: string;
  let byo: string;

  beforeAll(async () => {
    stack = await startStack();
    gateway = await startGateway(stack, { UPSTREAM_DEADLINE_MS: "1500", UPSTREAM_MAX_BODY_BYTES: "200000" });
    upstream = upstreamControl(stack.upstream.url);
    await upstream.setMode({ errorStyle });
    shared = stack.tenant("shared").apiKey;
    byo = stack.tenant("byo").apiKey;
  });
  afterEach(async () => {
    await upstream.clearFaults();
    for (const key of [PLATFORM_KEY, BYO_KEY])
      await upstream.setKey({ key, state: "active", credits: null, downloadTier: true });
  });
  afterAll(async () => {
    await gateway.close();
    await stack.close();
  });

  const lastEvent = (tenantId: string, requestId: string | null) =>
    eventually(async () => {
      const row = (await books(stack.database.url).events(tenantId)).find((each) => each.request_id === requestId);
      if (row === undefined) throw new Error("the event is not in the books yet");
      return row;
    });

  it("a missing entity: passed on unchanged, and remembered 5 minutes as missing", async () => {
    const call = `/userinfo-by-username/?username=${unasked("missing")}`;
    const direct = await upstream.direct(call, PLATFORM_KEY);
    const bytes = await direct.bytes();
    const before = await upstream.calls();
    const first = await gateway.get(call, { key: shared });
    expect(first.status).toBe(direct.status);
    expect(await first.bytes()).toEqual(bytes);
    expect(first.headers.get("cache-status")).toBe(
      `tikedge; fwd=uri-miss; fwd-status=${direct.status}; stored; ttl=300`,
    );
    const second = await gateway.get(call, { key: shared });
    expect(second.status).toBe(direct.status);
    expect(await second.bytes()).toEqual(bytes);
    expect(second.headers.get("cache-status")).toContain("tikedge; hit");
    expect(await upstream.calls()).toBe(before + 1);
  });

  it.each(["exhausted", "suspended"])(
    "an %s key of the platform: 503 to the tenant, nothing of it shown or kept, and served again after",
    async (state) => {
      const call = `/userid/?username=${unasked()}`;
      await upstream.setKey({ key: PLATFORM_KEY, state, credits: 0, downloadTier: true });
      const account = await (await upstream.direct(call, PLATFORM_KEY)).text();
      for (let times = 0; times < 2; times++) {
        const response = await gateway.get(call, { key: shared });
        expect(response.status).toBe(503);
        const body = await response.text();
        expect(body).toContain("upstream-account");
        expect(body).not.toContain(account);
        expect(response.headers.get("retry-after")).toBeTruthy();
        expect((await lastEvent(stack.tenant("shared").id, response.headers.get("x-request-id"))).outcome).toBe(
          "account_error",
        );
      }
      await upstream.setKey({ key: PLATFORM_KEY, state: "active", credits: null, downloadTier: true });
      const healed = await gateway.get(call, { key: shared });
      expect(healed.status).toBe(200);
      expect(healed.headers.get("cache-status")).toContain("fwd=uri-miss");
    },
  );

  it("a tenant's own key out of credits: its own error, unchanged, never cached and never another's", async () => {
    const call = `/userid/?username=${unasked()}`;
    await upstream.setKey({ key: BYO_KEY, state: "exhausted", credits: 0, downloadTier: true });
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
    const call = `/userid/?username=${unasked()}`;
    await upstream.fault({ kind: "status", status, body: '{"message":"as it came"}' });
    const response = await gateway.get(call, { key: shared });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe('{"message":"as it came"}');
    expect(response.headers.get("cache-control")).toContain("no-store");
    expect((await lastEvent(stack.tenant("shared").id, response.headers.get("x-request-id"))).outcome).toBe(outcome);
    const next = await gateway.get(call, { key: shared });
    expect(next.status).toBe(200);
    expect(next.headers.get("cache-status")).toContain("fwd=uri-miss");
  });

  it.each([
    { fault: { kind: "reset", times: 2 }, status: 502, type: "upstream-unreachable", outcome: "thrown" },
    { fault: { kind: "hang" }, status: 504, type: "upstream-timeout", outcome: "timeout" },
    { fault: { kind: "truncate" }, status: 502, type: "upstream-malformed", outcome: "truncated" },
    { fault: { kind: "garbage" }, status: 502, type: "upstream-malformed", outcome: "malformed" },
    { fault: { kind: "oversized", bytes: 300_000 }, status: 502, type: "upstream-oversized", outcome: "oversized" },
    {
      fault: { kind: "redirect", location: "https://elsewhere.example/" },
      status: 502,
      type: "upstream-malformed",
      outcome: "redirect",
    },
  ])(
    "$fault.kind: $status $type, never cached, booked as $outcome and in doubt",
    async ({ fault, status, type, outcome }) => {
      const call = `/userid/?username=${unasked()}`;
      await upstream.fault(fault);
      const response = await gateway.get(call, { key: shared });
      expect(response.status).toBe(status);
      expect(response.headers.get("location")).toBeNull();
      expect(await response.text()).toContain(type);
      const event = await lastEvent(stack.tenant("shared").id, response.headers.get("x-request-id"));
      expect(event).toMatchObject({ outcome, credits_charged: 0, credits_in_doubt: 1 });
      const next = await gateway.get(call, { key: shared });
      expect(next.status).toBe(200);
      expect(next.headers.get("cache-status")).toContain("fwd=uri-miss");
    },
  );

  it("a hollow answer: passed on unchanged and never cached", async () => {
    const call = `/post-detail/?url=https://www.tiktok.com/@a/video/73000000000000${1000 + (number += 1)}`;
    await upstream.fault({ kind: "status", status: 200, body: '{"msg":"odd"}' });
    const hollow = await gateway.get(call, { key: shared });
    expect(hollow.status).toBe(200);
    expect(await hollow.text()).toBe('{"msg":"odd"}');
    expect(hollow.headers.get("cache-control")).toContain("no-store");
    expect((await gateway.get(call, { key: shared })).headers.get("cache-status")).toContain("fwd=uri-miss");
  });

  it("an empty list: kept one minute, since what is empty fills up", async () => {
    const response = await gateway.get(`/search-user/?keyword=${unasked("empty")}`, { key: shared });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-status")).toContain("stored; ttl=60");
  });
});

describe("what the upstream gets to see", () => {
  it("is the canonical call, the upstream key and nothing of the tenant's", async () => {
    const stack = await startStack();
    const gateway = await startGateway(stack);
    try {
      const upstream = upstreamControl(stack.upstream.url);
      const headers = {
        cookie: "session=canary",
        "x-forwarded-for": "203.0.113.7",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "x-canary": "canary",
        referer: "https://canary.example/",
      };
      const key = stack.tenant("shared").apiKey;
      await gateway.get("/userinfo-by-username/?username=@MrBeast", { key, headers });
      const [seen] = await upstream.seen();
      expect(seen).toMatchObject({ method: "GET", path: "/userinfo-by-username/", key: PLATFORM_KEY });
      expect(seen?.query.replace(/^\?/, "")).toBe("username=mrbeast");
      const text = JSON.stringify(seen);
      for (const secret of ["canary", "203.0.113.7", "0af7651916cd43dd8448eb211c80319c", key])
        expect(text).not.toContain(secret);
    } finally {
      await gateway.close();
      await stack.close();
    }
  });
});
