import { describe, expect, it } from "vitest";
import { memoryOrigins } from "../../src/adapters/memory-key-records.ts";
import type { OriginLookup } from "../../src/core/ports.ts";
import { answerPreflight, sharedFields } from "../../src/proxy/share-origin.ts";

const PAGE = "https://app.example.com";
const PREFLIGHT = { method: "OPTIONS", headers: { origin: PAGE, "access-control-request-method": "GET" } };

function setUp() {
  const state = { directory: "known" as OriginLookup, allowed: true, nowMs: 0 };
  const asked: string[] = [];
  const answer = answerPreflight({
    originMemory: memoryOrigins({ knownMs: 60_000, unknownMs: 10_000 }, () => state.nowMs),
    keyDirectory: { knowsOrigin: async (origin) => (asked.push(origin), state.directory) },
    unidentified: { allows: async () => state.allowed },
  });
  const preflight = ({ headers = {} }: { readonly headers?: Readonly<Record<string, string>> }) =>
    answer({ headers: new Headers(headers) });
  return { preflight, state, asked };
}

const corsOf = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith("access-control-"));

describe("a preflight", () => {
  it("of an origin that a key names is granted, with what a page may send, and remembered", async () => {
    const { preflight, asked } = setUp();
    for (let times = 0; times < 3; times++) {
      const response = await preflight(PREFLIGHT);
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
    const { preflight, state, asked } = setUp();
    state.directory = "unknown";
    for (const nowMs of [0, 9_999, 10_000]) {
      state.nowMs = nowMs;
      const response = await preflight(PREFLIGHT);
      expect(response.status).toBe(204);
      expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      expect(corsOf(response)).toEqual([]);
    }
    expect(asked).toEqual([PAGE, PAGE]);
  });

  it("is granted while Postgres does not answer, because it gives nothing by itself, and that is not remembered", async () => {
    const { preflight, state, asked } = setUp();
    state.directory = "unavailable";
    const response = await preflight(PREFLIGHT);
    expect(response.headers.get("access-control-allow-origin")).toBe(PAGE);
    state.directory = "unknown";
    expect(corsOf(await preflight(PREFLIGHT))).toEqual([]);
    expect(asked).toEqual([PAGE, PAGE]);
  });

  it("of an address that asked too much is refused before Postgres is asked, but not one that is remembered", async () => {
    const { preflight, state, asked } = setUp();
    await preflight(PREFLIGHT);
    state.allowed = false;
    expect((await preflight(PREFLIGHT)).status).toBe(204);
    const other = { ...PREFLIGHT, headers: { ...PREFLIGHT.headers, origin: "https://other.example.com" } };
    await expect(preflight(other)).rejects.toMatchObject({ status: 429 });
    expect(asked).toEqual([PAGE]);
  });

  it.each([
    { headers: { origin: PAGE }, because: "it asks for no method" },
    { headers: { "access-control-request-method": "GET" }, because: "it comes from no page" },
    { headers: { ...PREFLIGHT.headers, origin: "null" }, because: "every sandboxed page is null" },
    { headers: { ...PREFLIGHT.headers, origin: "https://App.example.com/" }, because: "no browser writes it so" },
    { headers: { ...PREFLIGHT.headers, origin: `${PAGE}, ${PAGE}` }, because: "there are two" },
  ])("is none with $headers, so nobody is asked: $because", async ({ headers }) => {
    const { preflight, asked } = setUp();
    const response = await preflight({ headers });
    expect(response.status).toBe(204);
    expect(corsOf(response)).toEqual([]);
    expect(asked).toEqual([]);
  });
});

describe("what lets a page read a response", () => {
  it("names the origin and the fields that the page may read, and never lets it send what a browser keeps for us", () => {
    const fields = sharedFields(PAGE);
    expect(fields).toMatchObject({ "access-control-allow-origin": PAGE, vary: "Origin" });
    expect(fields["access-control-expose-headers"]?.split(", ")).toEqual(
      expect.arrayContaining(["Age", "ETag", "RateLimit", "Retry-After", "X-Credits-Charged", "X-Request-Id"]),
    );
    expect(fields).not.toHaveProperty("access-control-allow-credentials");
  });

  it("keeps what the response itself varies by", () => {
    expect(sharedFields(PAGE, "Accept-Encoding")).toMatchObject({ vary: "Accept-Encoding, Origin" });
  });
});
