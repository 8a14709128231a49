import { Redis } from "ioredis";
import { parseList } from "structured-headers";
import { describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { storeKey, storeSharedTenant, type KeyRow } from "../support/cast.ts";
import { useGateway } from "../support/use-gateway.ts";

const PAGE = "https://app.example.com";
const SERVER_FIELDS = [
  "access-control-allow-origin",
  "access-control-expose-headers",
  "access-control-allow-credentials",
];

describe("a key that stands in a page", () => {
  const running = useGateway();

  const tenantId = () => running().stack.tenant("shared").id;
  const pageKey = (row: Partial<KeyRow> = {}) =>
    storeKey(running().stack, { tenantId: tenantId(), kind: "publishable", origins: [PAGE], ...row });
  const ask = (path: string, key: string, headers: Record<string, string> = { origin: PAGE }) =>
    running().gateway.get(path, { key, headers });
  /** A refusal, after seeing that it asked nothing of the upstream. */
  const refused = async (path: string, key: string, headers?: Record<string, string>) => {
    const before = await running().upstream.calls();
    const response = await ask(path, key, headers);
    const { type } = await response.json<{ type: string }>();
    expect(await running().upstream.calls()).toBe(before);
    expect(response.headers.get("x-credits-charged")).toBeNull();
    return { response, status: response.status, type: type.replace("https://tikedge.dev/problems/", "") };
  };
  const corsOf = ({ headers }: Response) => SERVER_FIELDS.filter((name) => headers.has(name));

  it("gets the upstream's bytes, and the page may read them", async () => {
    const { upstream } = running();
    const path = "/userinfo-by-username/?username=paged";
    const key = await pageKey();
    for (const times of ["a miss", "a hit"]) {
      const response = await ask(path, key);
      expect(response.status, times).toBe(200);
      expect(await response.bytes()).toEqual(await (await upstream.direct(path)).bytes());
      expect(response.headers.get("access-control-allow-origin")).toBe(PAGE);
      expect(response.headers.get("access-control-expose-headers")).toContain("X-Credits-Charged");
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
      expect(response.headers.get("vary")).toBe("Accept-Encoding, Origin");
    }
  });

  it("leaves nothing of its page in the answer that it fetched for others", async () => {
    const { gateway, stack, shared } = running();
    const path = "/userid/?username=fetched_by_a_page";
    expect((await ask(path, await pageKey())).headers.get("x-credits-charged")).toBe("1");
    const other = await gateway.get(path, { key: shared, headers: { origin: "https://other.example.com" } });
    expect(other.headers.get("cache-status")).toContain("tikedge; hit");
    expect(corsOf(other)).toEqual([]);
    expect(other.headers.get("vary")).toBe("Accept-Encoding");
    const redis = new Redis(stack.redis.url);
    const entries = await Promise.all((await redis.keys("tla:*")).map((entry) => redis.get(entry)));
    redis.disconnect();
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) expect(entry).not.toMatch(/access-control|app\.example\.com/i);
  });

  it("gives a secret key no word for browsers, on answers and on refusals", async () => {
    const { shared } = running();
    for (const path of ["/userid/?username=secretly", "/nothing/"]) expect(corsOf(await ask(path, shared))).toEqual([]);
  });

  it.each([
    { headers: {}, because: "a server sends no origin" },
    { headers: { origin: "null" }, because: "a sandboxed page is anybody's" },
    { headers: { origin: "https://app.example.com.evil.example" }, because: "it only begins like it" },
    { headers: { origin: "https://evil-app.example.com" }, because: "it only ends like it" },
    { headers: { origin: "https://app.example.com:8443" }, because: "it is another port" },
    { headers: { origin: "http://app.example.com" }, because: "it is another scheme" },
    { headers: { origin: "https://APP.example.com" }, because: "no browser writes it so" },
    { headers: { origin: "https://app.example.com/" }, because: "an origin has no path" },
    { headers: { origin: `${PAGE}, https://evil.example` }, because: "there are two" },
    { headers: { referer: `${PAGE}/` }, because: "a referer is no origin" },
  ])("is refused with $headers: $because", async ({ headers }) => {
    const { response, status, type } = await refused("/userid/?username=tricked", await pageKey(), headers);
    expect({ status, type }).toEqual({ status: 403, type: "origin-not-allowed" });
    expect(corsOf(response)).toEqual([]);
  });

  it("reads only the endpoints of its list, and the page may read why not", async () => {
    const key = await pageKey({ endpoints: ["/userid/"] });
    expect((await ask("/userid/?username=listed", key)).status).toBe(200);
    const { response, status, type } = await refused("/userinfo-by-username/?username=listed", key);
    expect({ status, type }).toEqual({ status: 403, type: "endpoint-not-allowed" });
    expect(response.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(response.headers.get("ratelimit")).toBeNull();
  });

  it("may read and nothing else, whatever its row says", async () => {
    const key = await pageKey({ permissions: ["refresh", "manage"] });
    expect(await refused("/userid/?username=managed", key)).toMatchObject({ status: 403, type: "forbidden" });
  });

  it.each(["secret", "publishable"] as const)("that says it is %s, and is not, is a wrong key", async (says) => {
    const kind = says === "secret" ? "publishable" : "secret";
    expect(await refused("/userid/?username=posed", await pageKey({ kind, says }))).toMatchObject({ status: 401 });
  });

  it("has a budget of its own: when that is used up, hits are refused too, and the tenant's other keys go on", async () => {
    const { gateway, shared } = running();
    const key = await pageKey({ dailyRequests: 3 });
    const path = "/userid/?username=budgeted";
    for (const left of [2, 1, 0]) {
      const response = await ask(path, key);
      expect(response.status).toBe(200);
      const [burst, ofKey] = parseList(response.headers.get("ratelimit") ?? "");
      expect(burst?.[0]).toBe("burst");
      expect([ofKey?.[0], ofKey?.[1].get("r")]).toEqual(["key", left]);
      expect(response.headers.get("ratelimit-policy")).toMatch(/^"burst";q=600;w=60, "key";q=3;w=86400, /);
    }
    const before = await running().upstream.calls();
    const response = await ask(path, key);
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ "violated-policies": ["key"] });
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(28_000);
    expect(response.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(response.headers.get("access-control-expose-headers")).toContain("Retry-After");
    expect(await running().upstream.calls()).toBe(before);
    expect((await gateway.get(path, { key: shared })).status).toBe(200);
  });

  it.each([
    { origin: "https://known.example.com", granted: true, because: "a good key names it" },
    { origin: "https://unknown.example.com", granted: false, because: "no key names it" },
    { origin: "https://revoked.example.com", granted: false, because: "its key was revoked" },
    { origin: "https://known.example.com/", granted: false, because: "no browser writes it so" },
  ])("lets the page of $origin ask beforehand: $granted, because $because", async ({ origin, granted }) => {
    await pageKey({ origins: ["https://known.example.com"] });
    await pageKey({ origins: ["https://revoked.example.com"], revokedAt: new Date() });
    const headers = { origin, "access-control-request-method": "GET", "access-control-request-headers": "x-api-key" };
    const response = await running().gateway.get("/userid/?username=preflown", { method: "OPTIONS", headers });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe(granted ? origin : null);
    expect(response.headers.get("access-control-allow-headers")?.includes("X-Api-Key") ?? false).toBe(granted);
  });

  it("stops with its tenant's trial, by the clock, and the page may read why", async () => {
    const { stack } = running();
    const trial = await storeSharedTenant(stack, "free");
    const key = await pageKey({ tenantId: trial.id });
    const end = (at: string) =>
      books(stack.database.url).query(`UPDATE app.tenants SET trial_ends_at = ${at} WHERE id = $1`, [trial.id]);
    await end("now() - interval '1 second'");
    const page = await refused("/userid/?username=tried", key);
    expect(page).toMatchObject({ status: 403, type: "trial-ended" });
    expect(page.response.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(await refused("/userid/?username=tried", trial.apiKey)).toMatchObject({ status: 403, type: "trial-ended" });
    await end("now() + interval '1 hour'");
    const other = await storeKey(stack, { tenantId: trial.id });
    expect((await running().gateway.get("/userid/?username=tried", { key: other })).status).toBe(200);
  });
});
