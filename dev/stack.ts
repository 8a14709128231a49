import { Client } from "pg";
import { migrate } from "../drizzle/migrate.ts";
import { startKeyedUpstream, startParts } from "./parts.ts";
import type { ChosenUpstream } from "./parts.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";
import { PUBLIC_TENANT } from "./seed.ts";
import { workerSettings, type DevSettings } from "./settings.ts";
import { envFile, writePrivate } from "./state.ts";
import type { Running, Secrets, State } from "./state.ts";
import type { Teardown } from "./teardown.ts";

export type StackOptions = {
  readonly settings: DevSettings;
  readonly state: State;
  readonly teardown: Teardown;
  readonly signal: AbortSignal;
  say(line: string): void;
};

/** Everything shares one machine here: a first request that finds it busy must not be refused for it. */
const REDIS_WAIT_MS = "1000";

/** Everything that the Worker stands on. */
export type Stack = Omit<Running, "baseUrl" | "cronUrl">;

/** Starts what the Worker stands on and writes the Worker's settings. What was started is in `teardown` even when a later part fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { settings, state, teardown, signal, say } = options;
  const secrets = await state.secrets();
  const redis = await startRedis({ dir: state.redisDir, externalUrl: settings.REDIS_URL });
  teardown.add(redis.stop);
  say(
    redis.kind === "embedded"
      ? "Redis answers (embedded: it keeps nothing over a restart)"
      : `Redis answers (${redis.kind})`,
  );
  signal.throwIfAborted();
  const databaseUrl = settings.DATABASE_URL ?? (await startDatabase(options));
  signal.throwIfAborted();
  await migrate(databaseUrl);
  say("Postgres answers, migrated");
  const upstream = await chooseUpstream(options, secrets);
  const adminToken = settings.ADMIN_TOKEN ?? secrets.adminToken;
  const parts = await startParts({
    databaseUrl,
    redisUrl: redis.url,
    secrets: { ...secrets, adminToken },
    upstream,
    known: (await state.knownTenants()) ?? undefined,
  });
  teardown.add(parts.stop);
  const tenants = [...parts.tenants];
  await state.rememberTenants(tenants);
  const usual = { PUBLIC_TENANT, REDIS_WAIT_MS };
  await writePrivate(state.workerEnv, envFile({ ...usual, ...workerSettings(process.env), ...parts.settings }));
  // A suspended tenant is there to be refused; what is announced works.
  const working = tenants.filter(({ status }) => status === "active");
  return { adminToken, tenants: working, upstreamUrl: upstream.url, redisUrl: redis.url, databaseUrl };
}

/** A database of its own in the embedded cluster; resolves to its superuser's URL. */
async function startDatabase({ state, teardown, say }: StackOptions): Promise<string> {
  const postgres = await startPostgres({ dataDir: state.postgresDir, onProgress: say });
  teardown.add(postgres.stop);
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = 'tikedge'");
    if (rowCount === 0) await client.query("CREATE DATABASE tikedge");
  } finally {
    await client.end();
  }
  const url = new URL(postgres.url);
  url.pathname = "/tikedge";
  return url.href;
}

/** Another upstream knows neither of the keys made here: they come with it, as TIKLIVE_KEY and BYO_KEY. */
async function chooseUpstream({ settings, teardown, say }: StackOptions, secrets: Secrets): Promise<ChosenUpstream> {
  const byoKey = settings.BYO_KEY ?? secrets.byoKey;
  if (settings.UPSTREAM_URL !== undefined) {
    if (settings.TIKLIVE_KEY === undefined)
      say("TIKLIVE_KEY is not set: tenants on the platform's keys get no answers");
    return { url: settings.UPSTREAM_URL, platformKeys: settings.TIKLIVE_KEY ?? "", byoKey };
  }
  const platformKeys = settings.TIKLIVE_KEY ?? secrets.platformKey;
  const upstream = await startKeyedUpstream(
    { platformKeys, byoKey },
    { latency: { p50Ms: 750, p99Ms: 2_400 }, rateLimit: settings.UPSTREAM_RATE_LIMIT },
  );
  teardown.add(upstream.close);
  say(`the emulated upstream answers at ${upstream.url}`);
  return upstream;
}
