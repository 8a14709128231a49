import { Client } from "pg";
import { migrate } from "../drizzle/migrate.ts";
import { startNeon } from "./neon.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";
import { seed } from "./seed.ts";
import type { DevSettings } from "./settings.ts";
import { envFile, writePrivate } from "./state.ts";
import type { Running, Secrets, State } from "./state.ts";
import type { Teardown } from "./teardown.ts";
import { startUpstash } from "./upstash.ts";
import { startUpstream } from "./upstream/server.ts";

export type StackOptions = {
  readonly settings: DevSettings;
  readonly state: State;
  readonly teardown: Teardown;
  readonly signal: AbortSignal;
  say(line: string): void;
};

/** Everything that the Worker stands on. */
export type Stack = Omit<Running, "baseUrl" | "cronUrl">;

/** Starts what the Worker stands on and writes the Worker's settings. What was started is in `teardown` even when a later part fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { settings, state, teardown, signal, say } = options;
  const secrets = await state.secrets();
  const redis = await startRedis({ dir: state.redisDir, externalUrl: settings.REDIS_URL });
  teardown.add(redis.stop);
  say(`Redis answers (${redis.kind})`);
  signal.throwIfAborted();
  const databaseUrl = settings.DATABASE_URL ?? (await startDatabase(options));
  signal.throwIfAborted();
  await migrate(databaseUrl);
  say("Postgres answers, migrated");
  const upstream = await chooseUpstream(options, secrets);
  const upstash = await startUpstash({ redisUrl: redis.url, token: secrets.upstashToken });
  teardown.add(upstash.stop);
  const neon = await startNeon({ postgresUrl: databaseUrl });
  teardown.add(neon.stop);
  const keys = { peppers: `1:${secrets.pepper}`, encryptionKeys: `1:${secrets.encryptionKey}` };
  const known = (await state.knownTenants()) ?? undefined;
  const { rolePassword } = secrets;
  const { tenants, databaseUrls } = await seed({ ...keys, databaseUrl, rolePassword, known, byoKey: upstream.byoKey });
  await state.rememberTenants([...tenants]);
  const adminToken = settings.ADMIN_TOKEN ?? secrets.adminToken;
  const workerSettings = {
    UPSTREAM_URL: upstream.url,
    TIKLIVE_KEY: upstream.platformKeys,
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: secrets.upstashToken,
    DATABASE_URL_RW: databaseUrls.rw,
    DATABASE_URL_AUTH: databaseUrls.auth,
    DATABASE_URL_OPS: databaseUrls.ops,
    NEON_SQL_ENDPOINT: `${neon.url}/sql`,
    KEY_PEPPERS: keys.peppers,
    KEY_ENCRYPTION_KEYS: keys.encryptionKeys,
    ADMIN_TOKEN: adminToken,
  };
  await writePrivate(state.workerEnv, envFile(workerSettings));
  return { adminToken, tenants: [...tenants], upstreamUrl: upstream.url, redisUrl: redis.url, databaseUrl };
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

type ChosenUpstream = { readonly url: string; readonly platformKeys: string; readonly byoKey: string };

/** Another upstream knows neither of the keys made here: they come with it, as TIKLIVE_KEY and BYO_KEY. */
async function chooseUpstream({ settings, teardown, say }: StackOptions, secrets: Secrets): Promise<ChosenUpstream> {
  const byoKey = settings.BYO_KEY ?? secrets.byoKey;
  if (settings.UPSTREAM_URL !== undefined) {
    if (settings.TIKLIVE_KEY === undefined)
      say("TIKLIVE_KEY is not set: tenants on the platform's keys get no answers");
    return { url: settings.UPSTREAM_URL, platformKeys: settings.TIKLIVE_KEY ?? "", byoKey };
  }
  const platformKeys = settings.TIKLIVE_KEY ?? secrets.platformKey;
  const account = { state: "active", credits: null, downloadTier: true } as const;
  const names = [...platformKeys.split(",").map((key) => key.trim()), byoKey];
  const upstream = await startUpstream({
    keys: Object.fromEntries(names.map((name) => [name, account])),
    latency: { p50Ms: 750, p99Ms: 2_400 },
    rateLimit: true,
  });
  teardown.add(upstream.close);
  say(`the emulated upstream answers at ${upstream.url}`);
  return { url: upstream.url, platformKeys, byoKey };
}
