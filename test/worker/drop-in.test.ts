import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, startStack, PLATFORM_KEY, type Gateway, type Stack } from "../support/gateway.ts";
import { sampleCalls } from "../support/sample-calls.ts";
import { upstreamControl, type UpstreamControl } from "../support/upstream-control.ts";
import { endpoints } from "../../src/core/endpoints.ts";

/** Never stored: the links in them expire and are no one else's. */
const isDownload = (path: string) => path.startsWith("/download-");

describe("a client of the upstream works unchanged", () => {
  let stack: Stack;
  let gateway: Gateway;
  let upstream: UpstreamControl;
  let key: string;

  beforeAll(async () => {
    stack = await startStack();
    gateway = await startGateway(stack);
    upstream = upstreamControl(stack.upstream.url);
    key = stack.tenant("shared").apiKey;
  });
  afterAll(async () => {
    await gateway.close();
    await stack.close();
  });

  it("has a sample for every endpoint of the table, so that none escapes the tests below", () => {
    const sampled = sampleCalls.map((call) => new URL(call, "http://x").pathname).toSorted();
    expect(sampled).toEqual(endpoints.map(({ path }) => path).toSorted());
    expect(sampled).toHaveLength(29);
  });

  it.each(sampleCalls)("%s has the upstream's bytes, status and type, and the second answer is a hit", async (call) => {
    const direct = await upstream.direct(call, PLATFORM_KEY);
    const directBytes = await direct.bytes();
    const before = await upstream.calls();

    const first = await gateway.get(call, { key });
    expect(first.status).toBe(direct.status);
    expect(first.headers.get("content-type")).toBe(direct.headers.get("content-type"));
    expect(await first.bytes()).toEqual(directBytes);
    expect(first.headers.get("x-credits-charged")).toBe("1");
    expect(await upstream.calls()).toBe(before + 1);
    if (isDownload(call)) return;

    const second = await gateway.get(call, { key });
    expect(await second.bytes()).toEqual(directBytes);
    expect(second.headers.get("cache-status")).toMatch(/^tikedge; hit; ttl=\d+; detail=memory$/);
    expect(second.headers.get("x-credits-charged")).toBe("0");
    expect(Number(second.headers.get("age"))).toBeGreaterThanOrEqual(0);
    expect(await upstream.calls()).toBe(before + 1);
  });

  it("pays for a download each time, because its links are never shared", async () => {
    const download = sampleCalls.find(isDownload) ?? "";
    const before = await upstream.calls();
    for (let times = 1; times <= 2; times++) {
      const response = await gateway.get(download, { key });
      expect(response.headers.get("cache-status")).toBe("tikedge; fwd=bypass; detail=download");
      expect(response.headers.get("cache-control")).toContain("no-store");
      expect(await upstream.calls()).toBe(before + times);
    }
  });

  it("finds the answer in Redis after a restart, because isolates are short-lived and credits are not", async () => {
    const restarted = await startGateway(stack);
    try {
      const before = await upstream.calls();
      const call = "/userinfo-by-username/?username=tiktok";
      const fromRedis = await restarted.get(call, { key });
      expect(fromRedis.headers.get("cache-status")).toContain("detail=redis");
      expect(await fromRedis.bytes()).toEqual(await (await gateway.get(call, { key })).bytes());
      expect(await upstream.calls()).toBe(before);
    } finally {
      await restarted.close();
    }
  });
});
