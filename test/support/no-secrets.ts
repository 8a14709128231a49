import { Redis } from "ioredis";
import { expect } from "vitest";
import { books } from "./books.ts";
import type { Stack } from "./gateway.ts";
import { spellingsOf } from "./spellings.ts";
import type { Secret } from "./seen.ts";
import { DIRECT_KEY, upstreamControl } from "./upstream-control.ts";

/** How much of a text is shown around what was found in it. */
const AROUND = 100;

type Places = Readonly<Record<string, readonly string[]>>;
type Searched = Pick<Stack, "database" | "redis" | "upstream" | "tenants" | "seen">;

/**
 * Whatever was done: no secret of the stack's, of its Workers', or of those that were presented or handed out stands in a response, a log
 * line, a queue's message, a dispatch but for its key, a key or a value in Redis, or a row, in any spelling.
 */
export async function expectNoSecrets(stack: Searched): Promise<void> {
  const [secrets, places] = await Promise.all([secretsOf(stack), placesOf(stack)]);
  const found = Object.entries(places).flatMap(([place, texts]) => leaksIn(place, texts, secrets));
  expect(found, "secrets that left").toEqual([]);
}

/** What is said of each secret that stands in one of the texts, in any spelling. */
export function leaksIn(place: string, texts: readonly string[], secrets: readonly Secret[]): readonly string[] {
  const all = texts.join("\n");
  return secrets.flatMap(({ what, bytes }) =>
    spellingsOf(bytes).flatMap((spelling) => {
      const at = all.indexOf(spelling);
      return at < 0
        ? []
        : [`${place}: ${what}, in ${all.slice(Math.max(0, at - AROUND), at + spelling.length + AROUND)}`];
    }),
  );
}

/** Where a secret could have come to, as text. */
export async function placesOf({ database, redis, upstream, seen }: Searched): Promise<Places> {
  const dispatched = await upstreamControl(upstream.url).seen();
  return {
    responses: await seen.responses(),
    logs: seen.logs,
    messages: seen.messages,
    dispatched: dispatched.map(({ path, query, headers }) =>
      JSON.stringify({ path, query, ...headers, "x-api-key": "" }),
    ),
    redis: await everyValue(redis.url),
    rows: await books(database.url).everything(),
  };
}

async function secretsOf({ upstream, tenants, seen }: Searched): Promise<readonly Secret[]> {
  const { accounts, meter } = upstreamControl(upstream.url);
  const known = Object.keys({ ...(await accounts()), ...(await meter()).keys });
  const upstreamKeys = known.filter((key) => !key.startsWith(DIRECT_KEY));
  for (const key of upstreamKeys) seen.secret("an upstream key", key);
  for (const { apiKey } of tenants) seen.secret("a seeded gateway key", apiKey);
  return seen.secrets();
}

/** Every key and value of a Redis database as text. */
async function everyValue(url: string): Promise<readonly string[]> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys("*");
    const values = await Promise.all(keys.map((key) => valueOf(redis, key)));
    return keys.map((key, at) => `${key} ${JSON.stringify(values[at])}`);
  } finally {
    redis.disconnect();
  }
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case "string":
      return redis.get(key);
    case "hash":
      return redis.hgetall(key);
    case "list":
      return redis.lrange(key, 0, -1);
    case "set":
      return redis.smembers(key);
    case "zset":
      return redis.zrange(key, 0, -1);
    case "stream":
      return redis.xrange(key, "-", "+");
    case "none":
      return "(expired meanwhile)";
    default:
      throw new Error(`${key} is a ${type}, which is not searched`);
  }
}
