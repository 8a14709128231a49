import { describe, expect, it } from "vitest";
import { endpoints } from "../../src/core/endpoints.ts";
import { startGateway } from "../support/gateway.ts";
import { sampleCalls } from "../support/sample-calls.ts";
import { useGateway } from "../support/use-gateway.ts";

/** Never stored: the links in them expire and are no one else's. */
const isDownload = (path: string) => path.startsWith("/download-");

describe("a client of the upstream works unchanged", () => {
  // Of a user in several calls each is fetched by itself here: what answers another has tests of its own.
  const strict = { DERIVE: "off" };
  const running = useGateway(strict);

  it("has a sample for every endpoint of the table, so that none escapes the tests below", () => {
    const sampled = sampleCalls.map((call) => new URL(call, "http://x").pathname).toSorted();
    expect(sampled).toEqual(endpoints.map(({ path }) => path).toSorted());
    expect(sampled).toHaveLength(29);
  });

  it.each(sampleCalls)("%s has the upstream's bytes, status and type, and the second answer is a hit", async (call) => {
    const { gateway, upstream, shared: key } = running();
    const direct = await upstream.direct(call);
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
    expect(second.headers.get("age")).toMatch(/^\d$/);
    expect(await upstream.calls()).toBe(before + 1);
  });

  it("pays for a download each time, because its links are never shared", async () => {
    const { gateway, upstream, shared: key } = running();
    const download = sampleCalls.find(isDownload) ?? "";
    const before = await upstream.calls();
    for (let times = 1; times <= 2; times++) {
      const response = await gateway.get(download, { key });
      expect(response.headers.get("cache-status")).toBe("tikedge; fwd=bypass; detail=download");
      expect(response.headers.get("cache-control")).toContain("no-store");
      expect(await upstream.calls()).toBe(before + times);
    }
  });

  it("finds every answer in Redis after a restart, because isolates are short-lived and credits are not", async () => {
    const { stack, gateway, upstream, shared: key } = running();
    const restarted = await startGateway(stack, strict);
    try {
      const before = await upstream.calls();
      for (const call of sampleCalls.filter((each) => !isDownload(each))) {
        const fromRedis = await restarted.get(call, { key });
        expect(fromRedis.headers.get("cache-status")).toContain("detail=redis");
        const fromMemory = await gateway.get(call, { key });
        expect(fromRedis.headers.get("content-type")).toBe(fromMemory.headers.get("content-type"));
        expect(await fromRedis.bytes()).toEqual(await fromMemory.bytes());
      }
      expect(await upstream.calls()).toBe(before);
    } finally {
      await restarted.close();
    }
  });
});

describe("the tiers", () => {
  const nothingInMemory = useGateway({ MEMORY_BYTES: "1" });

  it("serve from the colo's cache what the isolate has no room for", async () => {
    const { gateway, upstream, shared: key } = nothingInMemory();
    const call = "/userid/?username=near";
    const first = await gateway.get(call, { key });
    const before = await upstream.calls();
    const second = await gateway.get(call, { key });
    expect(second.headers.get("cache-status")).toContain("detail=colo");
    expect(await second.bytes()).toEqual(await first.bytes());
    expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(await upstream.calls()).toBe(before);
  });

  it("carry one time of fetching, so that Age is true in all of them", async () => {
    const { stack, gateway, shared: key } = nothingInMemory();
    const call = "/userid/?username=aged";
    await gateway.get(call, { key });
    await stack.rewriteEntry("userid", "aged", (head) => ({
      ...head,
      fetchedAtMs: Number(head["fetchedAtMs"]) - 100_000,
    }));
    const elsewhere = await startGateway(stack, { MEMORY_BYTES: "1" });
    try {
      for (const tier of ["redis", "colo"]) {
        const response = await elsewhere.get(call, { key });
        expect(response.headers.get("cache-status")).toContain(`detail=${tier}`);
        expect(Number(response.headers.get("age"))).toBeGreaterThanOrEqual(100);
        expect(Number(response.headers.get("age"))).toBeLessThan(110);
        expect(response.headers.get("cache-control")).toBe(
          `private, max-age=${Number(response.headers.get("age")) + 60}`,
        );
      }
    } finally {
      await elsewhere.close();
    }
  });

  it("serve nothing past its stale window, whatever the clocks of the caches say", async () => {
    const { stack, upstream, shared: key } = nothingInMemory();
    const call = "/userid/?username=expired";
    const first = await startGateway(stack);
    const second = await startGateway(stack);
    try {
      await first.get(call, { key });
      await stack.rewriteEntry("userid", "expired", (head) => ({
        ...head,
        fetchedAtMs: Number(head["fetchedAtMs"]) - 2 * 86_400_000,
      }));
      const before = await upstream.calls();
      expect((await second.get(call, { key })).headers.get("cache-status")).toContain("fwd=uri-miss");
      expect(await upstream.calls()).toBe(before + 1);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });
});
