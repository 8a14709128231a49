import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { Client } from "pg";
import { inject } from "vitest";

export type FreshDatabase = {
  /** The superuser's. */
  readonly url: string;
  drop(): Promise<void>;
};

/** A migrated, empty Postgres database that nobody else uses. Roles belong to the whole server: every test shares them. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await asSuperuser(`CREATE DATABASE ${name} TEMPLATE tikedge_template`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asSuperuser(`DROP DATABASE ${name} WITH (FORCE)`) };
}

async function asSuperuser(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

export type FreshRedis = {
  readonly url: string;
  flush(): Promise<void>;
  /** Empties it and lets another test take it. */
  release(): Promise<void>;
};

/** An empty logical database of Redis that nobody else uses. Which are free stands in database 0, since tests run in many processes. */
export async function freshRedis(): Promise<FreshRedis> {
  const registry = inject("redisUrl");
  const number = await withRedis(registry, async (redis) => (await redis.lpop("free")) ?? redis.incr("taken"));
  const url = `${registry}/${number}`;
  const flush = async (): Promise<void> => {
    await withRedis(url, (redis) => redis.flushdb());
  };
  const release = async (): Promise<void> => {
    await flush();
    await withRedis(registry, (redis) => redis.rpush("free", number));
  };
  return { url, flush, release };
}

async function withRedis<Result>(url: string, use: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0 });
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
