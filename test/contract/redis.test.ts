import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import type { RunningEndpoint } from "../../dev/http-endpoint.ts";
import { installedServer, startRedis } from "../../dev/redis.ts";
import type { RedisKind, RunningRedis } from "../../dev/redis.ts";
import { startUpstash } from "../../dev/upstash.ts";
import { redisContract } from "./redis.contract.ts";

const token = "token-of-the-tests";
const installed = await installedServer();

describe("the embedded Redis", () => {
  holdTo("embedded");
});

describe.runIf(installed !== null)("a real Redis", () => {
  holdTo(installed ?? "redis-server");
});

function holdTo(kind: Exclude<RedisKind, "external">): void {
  let dir: string;
  let redis: RunningRedis;
  let upstash: RunningEndpoint;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "tikedge-redis-"));
    redis = await startRedis({ dir, kind });
    upstash = await startUpstash({ redisUrl: redis.url, token });
  });

  afterAll(async () => {
    await upstash.stop();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  redisContract(() => ({ restUrl: upstash.url, token }));
}
