import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { startUpstash } from "../../dev/upstash.ts";
import { connectRedis } from "../../src/adapters/upstash-redis.ts";
import { freshRedis } from "./databases.ts";
import { monitorRedis } from "./redis-monitor.ts";

const TOKEN = "tests";

/** A logical database of real Redis behind the local Upstash endpoint: `client` as the gateway has it, `direct` to look and to prepare. */
async function localRedis() {
  const redis = await freshRedis();
  const upstash = await startUpstash({ redisUrl: redis.url, token: TOKEN });
  const direct = new Redis(redis.url);
  const control = (path: string, method: string, body?: unknown) =>
    fetch(new URL(path, upstash.url), {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    client: connectRedis({ url: upstash.url, token: TOKEN, commandMs: 2_000 }),
    direct,
    fault: (fault: Readonly<Record<string, unknown>>) => control("/__faults", "POST", fault),
    clearFaults: () => control("/__faults", "DELETE"),
    stats: async () => (await control("/__stats", "GET")).json<{ requests: number; commands: number }>(),
    /** How many commands `work` runs in this database, those inside scripts among them: they are billed too. */
    commandsOf: async (work: () => Promise<unknown>) => {
      const [monitor, number] = [await monitorRedis(redis.url), new URL(redis.url).pathname.slice(1)];
      const end = `the end of the work in ${number}`;
      try {
        await work();
        await direct.get(end);
        const heard = await monitor.until(end);
        const ours = heard.filter(({ database, name }) => database === number && !/^eval/i.test(name));
        return ours.length;
      } finally {
        monitor.close();
      }
    },
    close: async () => {
      direct.disconnect();
      await upstash.stop();
      await redis.release();
    },
  };
}

type LocalRedis = Awaited<ReturnType<typeof localRedis>>;

/** One for the tests of a describe block, empty before each. */
export function useLocalRedis(): () => LocalRedis {
  let running: LocalRedis | undefined;
  beforeAll(async () => {
    running = await localRedis();
  });
  beforeEach(async () => {
    await running?.direct.flushdb();
  });
  afterAll(() => running?.close());
  return () => {
    if (running === undefined) throw new Error("Redis is used outside a test");
    return running;
  };
}
