import { join } from "node:path";
import { Client } from "pg";
import { startParts } from "../dev/parts.ts";
import { startPostgres } from "../dev/postgres.ts";
import { startRedis } from "../dev/redis.ts";
import { newSecrets } from "../dev/state.ts";
import type { Teardown } from "../dev/teardown.ts";
import { migrate } from "../drizzle/migrate.ts";
import { formatApiKey } from "../src/core/api-key.ts";
import type { RequestClass } from "./request-classes.ts";
import { startSizedUpstream } from "./upstream.ts";

/** As many dispatches a second as an upstream key takes a minute: the ledger keeps about as many in mind as in production. */
const NO_CAPS = {
  CAP_WINDOW_MS: "1000",
  DISPATCH_JITTER_MS: "0",
  PLATFORM_KEY_CAPS: "2000",
  UPSTREAM_PER_SECOND: "2000",
};

/** At 32 connections a budget for waiting would be spent, and the row would measure the way around Redis. */
const NO_HURRY = { REDIS_WAIT_MS: "10000", REDIS_COMMAND_MS: "10000" };

/** Good in every respect, but that nobody has it. */
const UNKNOWN_KEY = formatApiKey("0".repeat(12), "0".repeat(32));

export type Stack = Awaited<ReturnType<typeof startStack>>;

/** Real Postgres and Redis and all that a Worker needs of them. The limits of the plans are out of the way, but for one tenant. */
export async function startStack(dir: string, teardown: Teardown) {
  const postgres = await startPostgres({ dataDir: join(dir, "postgres"), durable: false });
  teardown.add(postgres.stop);
  const redis = await startRedis({ dir: join(dir, "redis") });
  teardown.add(redis.stop);
  await migrate(postgres.url);
  await liftLimits(postgres.url);
  const secrets = newSecrets();
  const { url: upstreamUrl, stop } = await startSizedUpstream();
  teardown.add(stop);
  const upstream = { url: upstreamUrl, platformKeys: secrets.platformKey, byoKey: secrets.byoKey };
  const parts = await startParts({ databaseUrl: postgres.url, redisUrl: redis.url, secrets, upstream });
  teardown.add(parts.stop);
  const keyOf = (plan: string) => {
    const tenant = parts.tenants.find((each) => each.plan === plan && each.keyMode === "shared");
    if (tenant === undefined) throw new Error(`the seed has no tenant of ${plan} on the platform's keys`);
    return tenant.apiKey;
  };
  const tenant = keyOf("pro");
  return {
    settings: { ...parts.settings, ...NO_CAPS, ...NO_HURRY },
    keys: {
      tenant,
      "limited tenant": keyOf("free"),
      unknown: UNKNOWN_KEY,
      misspelt: misspelt(tenant),
    } satisfies Record<Exclude<RequestClass["key"], "none">, string>,
    upstreamUrl,
    redis: { kind: redis.kind, url: redis.url, endpoint: { url: parts.upstash.url, token: secrets.upstashToken } },
  };
}

/** The free plan's bucket is as small as it can be: whoever is on it is refused. */
async function liftLimits(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("UPDATE app.plans SET burst_capacity = 1000000, burst_refill_per_second = 1000000");
    await client.query("UPDATE app.plans SET burst_capacity = 1, burst_refill_per_second = 1 WHERE name = 'free'");
  } finally {
    await client.end();
  }
}

/** The checksum at its end no longer fits. */
function misspelt(key: string): string {
  return key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
}
