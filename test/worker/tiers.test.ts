import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway } from "../support/gateway.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOUR_MS = 3_600_000;

describe("what the tiers hold", () => {
  const settings = { MEMORY_BYTES: "1", HITS_FLUSH_MS: "100" };
  const nothingInMemory = useGateway(settings);

  it("hits count wherever they come from, because each saved a credit", async () => {
    const { stack, gateway, shared: key } = nothingInMemory();
    const call = "/challenge-info-name/?name=counted";
    await gateway.get(call, { key });
    expect((await gateway.get(call, { key })).headers.get("cache-status")).toContain("detail=colo");
    const elsewhere = await startGateway(stack, settings);
    try {
      expect((await elsewhere.get(call, { key })).headers.get("cache-status")).toContain("detail=redis");
      await eventually(async () => {
        const rollup = await books(stack.database.url).rollup(stack.tenant("shared").id);
        const row = rollup.find(({ endpoint }) => endpoint === "/challenge-info-name/");
        expect(row).toMatchObject({ calls: 1, hits: 2, hits_colo: 1, hits_redis: 1, credits_saved: 2 });
      });
    } finally {
      await elsewhere.close();
    }
  });

  it("Redis keeps an answer as long as it may be served for a failure, and then forgets it by itself", async () => {
    const { stack, gateway, shared: key } = nothingInMemory();
    await gateway.get("/challenge-info-name/?name=bounded", { key });
    const redis = new Redis(stack.redis.url);
    try {
      await eventually(async () => {
        const keys = await redis.keys("tla:*:challenge-info-name:*");
        expect(keys.length).toBeGreaterThan(0);
        for (const each of keys) {
          const keptMs = await redis.pttl(each);
          // Fresh 4 hours, and a day after that in place of a failure.
          expect(keptMs).toBeGreaterThan(27 * HOUR_MS);
          expect(keptMs).toBeLessThanOrEqual(28 * HOUR_MS);
        }
      });
    } finally {
      redis.disconnect();
    }
  });
});

describe("what is near ages as it does far away", () => {
  const running = useGateway();

  it("Age goes on in memory, because it counts from the upstream's answer and not from each copy", async () => {
    const { gateway, shared: key } = running();
    const call = "/userid/?username=aging";
    const first = await gateway.get(call, { key });
    const window = Number(/ttl=(\d+)/.exec(first.headers.get("cache-status") ?? "")?.[1]);
    await eventually(async () => {
      const response = await gateway.get(call, { key });
      const age = Number(response.headers.get("age"));
      expect(response.headers.get("cache-status")).toBe(`tikedge; hit; ttl=${window - age}; detail=memory`);
      expect(age).toBeGreaterThanOrEqual(1);
    });
  });
});

describe("the colo's copy", () => {
  const running = useGateway({ MEMORY_MS: "1500", MEMORY_BYTES: "1" });

  it("is served until MEMORY_MS after Redis held it, and then Redis is asked again: a purge reaches it by then", async () => {
    const { gateway, upstream, shared: key } = running();
    const call = "/userid/?username=nearby";
    await gateway.get(call, { key });
    const before = await upstream.calls();
    await eventually(async () => {
      expect((await gateway.get(call, { key })).headers.get("cache-status")).toContain("detail=redis");
    });
    expect(await upstream.calls()).toBe(before);
  });
});
