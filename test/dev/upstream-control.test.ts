import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KEY, NOW_MS, startClient, type Client } from "./upstream-client.ts";

let upstream: Client;
beforeEach(async () => {
  upstream = await startClient();
});
afterEach(() => upstream.close());

const USERID = "/userid/?username=tiktok";

describe("the meter", () => {
  it("counts calls by key and path, whatever became of them, and forgets them when told to", async () => {
    await upstream.get(USERID);
    await upstream.get("/region-list/");
    await upstream.withKey("nobody's", USERID);
    expect(await upstream.json("/__meter")).toEqual({
      totalCalls: 3,
      keys: {
        [KEY]: { calls: 2, charged: 2, byPath: { "/userid/": 1, "/region-list/": 1 } },
        "nobody's": { calls: 1, charged: 0, byPath: { "/userid/": 1 } },
      },
    });
    await upstream.post("/__meter/reset", {});
    expect(await upstream.json("/__meter")).toEqual({ totalCalls: 0, keys: {} });
    expect(await upstream.json("/__calls")).toEqual([]);
  });

  it("shows what reached it, undecoded", async () => {
    await upstream.get("/userid/?username=%74iktok&x=a+b", {
      headers: { "x-api-key": KEY, "x-forwarded-for": "10.0.0.1" },
    });
    expect(await upstream.json("/__calls")).toEqual([
      {
        method: "GET",
        path: "/userid/",
        query: "username=%74iktok&x=a+b",
        headers: expect.objectContaining({ "x-forwarded-for": "10.0.0.1" }),
        key: KEY,
        receivedAtMs: expect.any(Number),
        fault: null,
      },
    ]);
  });
});

it("changes what it is told to and nothing else", async () => {
  await upstream.post("/__mode", { rateLimit: true, p50Ms: 0, p99Ms: 9 });
  const mode = { errorStyle: "documented", rateLimit: true, chargeNotFound: true, latency: { p50Ms: 0, p99Ms: 9 } };
  expect(await upstream.post("/__mode", { errorStyle: "documented" })).toEqual(mode);
  await upstream.post("/__keys", { key: "new", credits: 5, downloadTier: false });
  const account = { state: "suspended", credits: 5, downloadTier: false };
  expect(await upstream.post("/__keys", { key: "new", state: "suspended" })).toEqual({ key: "new", ...account });
  expect(await upstream.json("/__keys")).toMatchObject({ new: account });
});

it("has its clock where it is put, frozen, and running on from there", async () => {
  expect(await upstream.json("/__clock")).toEqual({ nowMs: NOW_MS, frozen: true });
  expect(await upstream.post("/__clock", { advanceMs: 5_000 })).toEqual({ nowMs: NOW_MS + 5_000, frozen: true });
  expect(await upstream.post("/__clock", { nowMs: NOW_MS })).toEqual({ nowMs: NOW_MS, frozen: true });
  const running = await upstream.post<{ nowMs: number; frozen: boolean }>("/__clock", { frozen: false });
  expect(running.frozen).toBe(false);
  expect(running.nowMs - NOW_MS).toBeLessThan(5_000);
  await expect.poll(async () => (await upstream.json<{ nowMs: number }>("/__clock")).nowMs).toBeGreaterThan(NOW_MS);
});

it.each([
  { path: "/__clock", body: { nowMs: "noon" }, error: '"nowMs" must be a number' },
  { path: "/__clock", body: { nowMs: 1 }, error: '"nowMs" must be a number from' },
  { path: "/__clock", body: { now: 1 }, error: 'unknown field "now"' },
  { path: "/__keys", body: { state: "active" }, error: '"key" is missing' },
  { path: "/__keys", body: { key: "a", state: "fine" }, error: '"state" must be one of active' },
  { path: "/__keys", body: { key: "a", credits: 1.5 }, error: '"credits" must be a whole number' },
  { path: "/__mode", body: { errorStyle: "loud" }, error: '"errorStyle" must be one of' },
  { path: "/__faults", body: { kind: "flood" }, error: '"kind" must be one of' },
  { path: "/__faults", body: {}, error: '"kind" must be one of' },
  { path: "/__faults", body: [], error: "must be a JSON object" },
  { path: "/__faults", body: { path: "x".repeat(70_000) }, error: "longer than 65536 bytes" },
])("refuses a control body with $error, for a typo must not pass for a test", async ({ path, body, error }) => {
  const response = await upstream.get(path, { method: "POST", body: JSON.stringify(body) });
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: expect.stringContaining(error) });
});
