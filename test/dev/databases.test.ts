import { Redis } from "ioredis";
import { Client } from "pg";
import { expect, it } from "vitest";
import { freshDatabase, freshRedis } from "../support/databases.ts";

it("gives every asker a migrated database of its own, so that no test sees another's rows", async () => {
  const [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
  const client = new Client({ connectionString: one.url });
  await client.connect();
  const { rows } = await client.query("SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'app'");
  await client.end();
  expect(rows[0]).not.toEqual({ tables: 0 });
  expect(one.url).not.toBe(other.url);
  await Promise.all([one.drop(), other.drop()]);
});

it("gives every asker a Redis database of its own, and gives it out again once it is released and empty", async () => {
  const [one, other] = await Promise.all([freshRedis(), freshRedis()]);
  expect(one.url).not.toBe(other.url);
  const redis = new Redis(one.url);
  await redis.set("left", "behind");
  redis.disconnect();
  await one.release();
  const again = await freshRedis();
  const reused = new Redis(again.url);
  expect(await reused.get("left")).toBeNull();
  reused.disconnect();
  await Promise.all([again.release(), other.release()]);
});
