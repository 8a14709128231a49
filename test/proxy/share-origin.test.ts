import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { memoryOrigins } from "../../src/adapters/memory-key-records.ts";
import type { OriginLookup } from "../../src/core/ports.ts";
import { problems } from "../../src/core/problem.ts";
import { onError } from "../../src/on-error.ts";
import type { ProxyEnv } from "../../src/proxy/request.ts";
import { screen } from "../../src/proxy/screen.ts";
import { shareOrigin } from "../../src/proxy/share-origin.ts";
import { silentLog } from "../support/silent-log.ts";

const PAGE = "https://app.example.com";
const PREFLIGHT = { method: "OPTIONS", headers: { origin: PAGE, "access-control-request-method": "GET" } };

function setUp() {
  const state = { directory: "known" as OriginLookup, allowed: true, nowMs: 0 };
  const asked: string[] = [];
  const steps = shareOrigin({
    originMemory: memoryOrigins({ knownMs: 60_000, unknownMs: 10_000 }, () => state.nowMs),
    keyDirectory: { knowsOrigin: async (origin) => (asked.push(origin), state.directory) },
    unidentified: { allows: async () => state.allowed },
  });
  const app = new Hono<ProxyEnv>()
    .onError(onError(silentLog))
    .use(async (c, next) => {
      c.set("requestId", "the-request");
      return next();
    })
    .use(steps)
    .use(screen())
    .use("/page/*", async (c, next) => {
      c.set("pageOrigin", PAGE);
      return next();
    })
    .get("/page/refused/", () => {
      throw problems.trialEnded();
    })
    .get("*", () => new Response("bytes", { headers: { vary: "Accept-Encoding", age: "3" } }));
  return { app, state, asked };
}

const corsOf = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith("access-control-"));

describe("a preflight", () => {
  it("of an origin that a key names is granted, with what a page may send, and remembered", async () => {
    const { app, asked } = setUp();
    for (let times = 0; times < 3; times++) {
      const response = await app.request("/userid/", PREFLIGHT);
      expect(response.status).toBe(204);
      expect(Object.fromEntries(response.headers)).toEqual({
        "access-control-allow-headers": "X-Api-Key, Authorization, If-None-Match",
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-origin": PAGE,
        "access-control-max-age": "600",
        "cache-control": "no-store",
        vary: "Origin",
      });
    }
    expect(asked).toEqual([PAGE]);
  });

  it("of an origin that no key names is answered as any OPTIONS, and asked about again after a while", async () => {
    const { app, state, asked } = setUp();
    state.directory = "unknown";
    for (const nowMs of [0, 9_999, 10_000]) {
      state.nowMs = nowMs;
      const response = await app.request("/userid/", PREFLIGHT);
      expect(response.status).toBe(204);
      expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      expect(corsOf(response)).toEqual([]);
    }
    expect(asked).toEqual([PAGE, PAGE]);
  });

  it("is granted while Postgres does not answer, because it gives nothing by itself, and that is not remembered", async () => {
    const { app, state, asked } = setUp();
    state.directory = "unavailable";
    const response = await app.request("/userid/", PREFLIGHT);
    expect(response.headers.get("access-control-allow-origin")).toBe(PAGE);
    state.directory = "unknown";
    expect(corsOf(await app.request("/userid/", PREFLIGHT))).toEqual([]);
    expect(asked).toEqual([PAGE, PAGE]);
  });

  it("of an address that asked too much is refused before Postgres is asked, but not one that is remembered", async () => {
    const { app, state, asked } = setUp();
    await app.request("/userid/", PREFLIGHT);
    state.allowed = false;
    expect((await app.request("/userid/", PREFLIGHT)).status).toBe(204);
    const other = { ...PREFLIGHT, headers: { ...PREFLIGHT.headers, origin: "https://other.example.com" } };
    expect((await app.request("/userid/", other)).status).toBe(429);
    expect(asked).toEqual([PAGE]);
  });

  it.each([
    { headers: { origin: PAGE }, because: "it asks for no method" },
    { headers: { "access-control-request-method": "GET" }, because: "it comes from no page" },
    { headers: { ...PREFLIGHT.headers, origin: "null" }, because: "every sandboxed page is null" },
    { headers: { ...PREFLIGHT.headers, origin: "https://App.example.com/" }, because: "no browser writes it so" },
    { headers: { ...PREFLIGHT.headers, origin: `${PAGE}, ${PAGE}` }, because: "there are two" },
  ])("is none with $headers, so nobody is asked: $because", async ({ headers }) => {
    const { app, asked } = setUp();
    const response = await app.request("/userid/", { method: "OPTIONS", headers });
    expect(response.status).toBe(204);
    expect(corsOf(response)).toEqual([]);
    expect(asked).toEqual([]);
  });
});

describe("a response", () => {
  it.each(["/page/userid/", "/page/refused/"])("to a page of the key's origin may be read by it: %s", async (path) => {
    const { app } = setUp();
    const { headers } = await app.request(path, { headers: { origin: PAGE } });
    expect(headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(headers.get("access-control-expose-headers")?.split(", ")).toEqual(
      expect.arrayContaining(["Age", "ETag", "RateLimit", "Retry-After", "X-Credits-Charged", "X-Request-Id"]),
    );
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    expect(headers.get("vary")?.split(", ")).toContain("Origin");
  });

  it("keeps its own Vary and its bytes", async () => {
    const response = await setUp().app.request("/page/userid/");
    expect(response.headers.get("vary")).toBe("Accept-Encoding, Origin");
    expect(await response.text()).toBe("bytes");
  });

  it("to anybody else says nothing to browsers", async () => {
    const response = await setUp().app.request("/userid/", { headers: { origin: PAGE } });
    expect(corsOf(response)).toEqual([]);
    expect(response.headers.get("vary")).toBe("Accept-Encoding");
  });
});
