import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { BYO_KEY, PLATFORM_KEY, type Gateway } from "../support/gateway.ts";
import { useGateway } from "../support/use-gateway.ts";

describe("no secret leaves", () => {
  const running = useGateway({ UPSTREAM_DEADLINE_MS: "500" });

  it("in a response, a log line, a Redis value or a row, however a request ends", async () => {
    const { stack, gateway, upstream, shared, byo } = running();
    const responses: string[] = [];
    const ask = async (path: string, init: Parameters<Gateway["get"]>[1]) => {
      const response = await gateway.get(path, init);
      responses.push(JSON.stringify([...response.headers]), await response.text());
    };
    for (const key of [shared, byo]) {
      await ask("/userid/?username=kept", { key });
      await ask("/userid/?username=missing_here", { key });
      await ask("/userid/?username=wrong", { key: `${key}x` });
      for (const fault of [
        { kind: "hang" },
        { kind: "reset", times: 2 },
        { kind: "garbage" },
        { kind: "status", status: 500 },
      ]) {
        await upstream.fault(fault);
        await ask(`/userid/?username=broken${responses.length}`, { key });
      }
    }
    await upstream.setKey({ key: BYO_KEY, state: "exhausted", credits: 0, downloadTier: true });
    await ask("/userid/?username=exhausted", { key: byo });
    for (const [url, headers] of [
      [stack.neon.url, {}],
      [stack.upstash.url, { authorization: `Bearer ${stack.redisToken}` }],
    ] as const) {
      const fault = { kind: "status", status: 500, times: 4 };
      await fetch(new URL("/__faults", url), { method: "POST", headers, body: JSON.stringify(fault) });
      await ask(`/userid/?username=down${responses.length}`, { key: shared });
      await ask("/userid/?username=tiktok", { key: "tke_live_000000000000_00000000000000000000000000000000_000000" });
      await fetch(new URL("/__faults", url), { method: "DELETE", headers });
    }
    const rows = await eventually(async () => {
      const events = await books(stack.database.url).events(stack.tenant("byo").id);
      expect(events.length).toBeGreaterThan(5);
      return books(stack.database.url).everything();
    });

    const secrets = [shared, byo, PLATFORM_KEY, BYO_KEY, stack.redisToken, ...stack.secrets];
    const places = { responses, logs: gateway.logs(), redis: await everyValue(stack.redis.url), rows };
    for (const [place, texts] of Object.entries(places)) {
      expect(texts.length, `${place} was looked at`).toBeGreaterThan(0);
      const found = texts.filter((text) => secrets.some((secret) => text.includes(secret)));
      expect(found, place).toEqual([]);
    }
  });
});

/** Every key and value of a Redis database as text. */
async function everyValue(url: string): Promise<string[]> {
  const redis = new Redis(url);
  const texts: string[] = [];
  try {
    for (const key of await redis.keys("*")) {
      const type = await redis.type(key);
      texts.push(key);
      if (type === "string") texts.push((await redis.get(key)) ?? "");
      if (type === "hash") texts.push(JSON.stringify(await redis.hgetall(key)));
      if (type === "zset") texts.push(JSON.stringify(await redis.zrange(key, 0, -1)));
    }
    return texts;
  } finally {
    redis.disconnect();
  }
}
