import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drawLatencyMs } from "../../dev/upstream/latency.ts";
import { Draws } from "../../dev/upstream/world/draws.ts";
import { KEY, POST, startClient, type Client } from "./upstream-client.ts";

let upstream: Client;
beforeEach(async () => {
  upstream = await startClient();
});
afterEach(() => upstream.close());

const USERID = "/userid/?username=tiktok";

describe("a fault", () => {
  it("status: answers with that status and body, and is gone after one call", async () => {
    await upstream.post("/__faults", { kind: "status", status: 502, body: "bad gateway" });
    const response = await upstream.get(USERID);
    expect([response.status, await response.text()]).toEqual([502, "bad gateway"]);
    expect(await upstream.json(USERID)).toEqual({ id: "107955" });
    expect(await upstream.tally()).toEqual({ calls: 2, charged: 1 });
  });

  it("delay: answers late, but as it would have", async () => {
    await upstream.post("/__faults", { kind: "delay", delayMs: 120 });
    const startedMs = performance.now();
    expect(await upstream.json(USERID)).toEqual({ id: "107955" });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(115);
  });

  it("hang: says nothing until the upstream ends", async () => {
    const hung = await startClient();
    await hung.post("/__faults", { kind: "hang" });
    const answer = hung.get(USERID).then(
      () => "an answer",
      () => "none",
    );
    await expect.poll(() => hung.tally()).toEqual({ calls: 1, charged: 0 });
    await hung.close();
    expect(await answer).toBe("none");
  });

  it.each([
    { charged: false, because: "the call never got through" },
    { charged: true, because: "the reply got lost after the work was done" },
  ])("reset: breaks the connection, the call counted and charged $charged: $because", async ({ charged }) => {
    await upstream.post("/__faults", { kind: "reset", charged });
    await expect(upstream.get(USERID)).rejects.toThrow("fetch failed");
    expect(await upstream.tally()).toEqual({ calls: 1, charged: charged ? 1 : 0 });
  });

  it.each(["gzip", "identity"])("truncate: announces the whole %s body, sends half and is charged", async (coding) => {
    await upstream.post("/__faults", { kind: "truncate" });
    const response = await upstream.get("/region-list/", { headers: { "x-api-key": KEY, "accept-encoding": coding } });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(500);
    await expect(response.text()).rejects.toThrow("terminated");
    expect(await upstream.tally()).toEqual({ calls: 1, charged: 1 });
  });

  it("garbage: a page where JSON should be", async () => {
    await upstream.post("/__faults", { kind: "garbage" });
    const response = await upstream.get(USERID);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await response.text()).toMatch(/^<!doctype html>/);
  });

  it.each([{ bytes: undefined }, { bytes: 20_000 }])("oversized: JSON of more than $bytes bytes", async ({ bytes }) => {
    await upstream.post("/__faults", { kind: "oversized", bytes });
    const body = await upstream.text(USERID);
    expect(body.length).toBeGreaterThan(bytes ?? 8 * 2 ** 20);
    expect(JSON.parse(body)).toMatchObject({ videos: [] });
  });

  it("redirect: sends the client, and its key if it goes, somewhere else", async () => {
    await upstream.post("/__faults", { kind: "redirect", location: "https://thief.example/" });
    const response = await upstream.get(USERID);
    expect([response.status, response.headers.get("location")]).toEqual([302, "https://thief.example/"]);
  });

  it("empty-urls: a success without links, and charged", async () => {
    await upstream.post("/__faults", { kind: "empty-urls" });
    expect(await upstream.json(`/download-video/?${POST}`)).toEqual({ video: "", video_hd: "" });
    expect(await upstream.tally()).toEqual({ calls: 1, charged: 1 });
  });

  it.each([{ credits: 3 }, { credits: 0 }])(
    "credits: says that it took $credits, and takes them",
    async ({ credits }) => {
      await upstream.post("/__keys", { key: "small", credits: 10 });
      await upstream.post("/__faults", { kind: "credits", credits });
      const response = await upstream.withKey("small", USERID);
      expect([response.headers.get("x-credits-charged"), await response.json()]).toEqual([
        String(credits),
        { id: "107955" },
      ]);
      expect(await upstream.tally("small")).toEqual({ calls: 1, charged: credits });
      expect(await upstream.json("/__keys")).toMatchObject({ small: { credits: 10 - credits } });
    },
  );

  it("waits for the calls it is for, as often as it is told", async () => {
    await upstream.post("/__keys", { key: "other" });
    await upstream.post("/__faults", { kind: "status", status: 503, path: "/region-list/", key: "other", times: 2 });
    const status = async (key: string, call: string) => (await upstream.withKey(key, call)).status;
    expect(await status(KEY, "/region-list/")).toBe(200);
    expect(await status("other", USERID)).toBe(200);
    expect(await status("other", "/region-list/")).toBe(503);
    expect(await status("other", "/region-list/")).toBe(503);
    expect(await status("other", "/region-list/")).toBe(200);
  });

  it("stays until it is cleared when it has no end", async () => {
    await upstream.post("/__faults", { kind: "status", times: null });
    for (let call = 0; call < 5; call += 1) expect((await upstream.get(USERID)).status).toBe(500);
    await upstream.get("/__faults", { method: "DELETE" });
    expect((await upstream.get(USERID)).status).toBe(200);
  });
});

describe("latency", () => {
  it("has the median and the tail that it was given", () => {
    const draws = new Draws("latency");
    const delays = Array.from({ length: 20_000 }, () => drawLatencyMs({ p50Ms: 750, p99Ms: 2_500 }, draws)).toSorted(
      (a, b) => a - b,
    );
    expect(delays[10_000]).toBeGreaterThan(750 * 0.95);
    expect(delays[10_000]).toBeLessThan(750 * 1.05);
    expect(delays[19_800]).toBeGreaterThan(2_500 * 0.9);
    expect(delays[19_800]).toBeLessThan(2_500 * 1.1);
  });

  it("is none at zero, whatever the tail", () => {
    expect(drawLatencyMs({ p50Ms: 0, p99Ms: 2_500 }, new Draws("latency"))).toBe(0);
  });

  it("charges a call whose client did not wait for it: the work is done", async () => {
    await upstream.post("/__mode", { p50Ms: 60, p99Ms: 60 });
    const leaving = new AbortController();
    const answer = upstream.get(USERID, { headers: { "x-api-key": KEY }, signal: leaving.signal }).catch(() => "left");
    await expect.poll(async () => (await upstream.tally()).calls).toBe(1);
    leaving.abort();
    expect(await answer).toBe("left");
    await expect.poll(() => upstream.tally()).toEqual({ calls: 1, charged: 1 });
  });
});
