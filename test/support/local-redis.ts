import { Redis } from "ioredis";
import { startUpstash } from "../../dev/upstash.ts";
import { connectRedis } from "../../src/adapters/upstash-redis.ts";
import { freshRedis } from "./databases.ts";

const TOKEN = "tests";

/** A logical database of real Redis behind the local Upstash endpoint: `client` as the gateway has it, `direct` to look and to prepare. */
export async function localRedis() {
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
    stats: async () => (await control("/__stats", "GET")).json<{ requests: number; commands: number }>(),
    close: async () => {
      direct.disconnect();
      await upstash.stop();
      await redis.release();
    },
  };
}

export type LocalRedis = Awaited<ReturnType<typeof localRedis>>;
