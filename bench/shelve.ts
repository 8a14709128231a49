import { Redis } from "ioredis";
import { upstashAnswers } from "../src/adapters/upstash-answers.ts";
import { answerKey } from "../src/core/answer-key.ts";
import { etagOf } from "../src/core/conditional.ts";
import type { Entry } from "../src/core/entry.ts";
import { asking } from "../src/core/twins.ts";
import { DirectRedis } from "./direct-redis.ts";
import { bodyOf } from "./in-workerd/bodies.ts";

const HOUR_MS = 3_600_000;
const AT_ONCE = 1_000;

/** The handle of each answer, but for its number. */
export const SHELVED = "bench_shelved_";

const silent = { info: () => undefined, error: () => undefined };

/** Puts so many answers into Redis as the gateway does, profiles of the usual size: fetching each would take the money's whole path. */
export async function shelve(redisUrl: string, count: number): Promise<void> {
  const server = new Redis(redisUrl);
  try {
    const answers = upstashAnswers(new DirectRedis(server), Date.now, silent);
    const put = async (number: number) => {
      const key = keyOf(`${SHELVED}${number}`);
      await answers.put(key, { entry: await entryOf(key.identity, number), confirmedAtMs: Date.now() });
    };
    for (let from = 0; from < count; from += AT_ONCE)
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => put(from + at)));
  } finally {
    server.disconnect();
  }
}

/** Of the pool of the seeded tenants. */
function keyOf(handle: string) {
  const call = asking("/userinfo-by-username/", handle);
  if (call === undefined) throw new Error(`${handle} is no handle`);
  return answerKey({ call, scope: "pool:default", tier: "download", namespaceVersion: "1" });
}

async function entryOf(identity: string, number: number): Promise<Entry> {
  const body = bodyOf("usual", { user: { id: String(number + 1) }, stats: { heart: number } });
  const nowMs = Date.now();
  return {
    identity,
    kind: "answer",
    windows: "userinfo",
    status: 200,
    contentType: "application/json",
    body,
    etag: await etagOf(body),
    fetchedAtMs: nowMs,
    reservedAtMs: nowMs,
    freshMs: HOUR_MS,
    staleMs: HOUR_MS,
    errorMs: 24 * HOUR_MS,
    derived: false,
  };
}
