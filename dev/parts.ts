import { startNeon } from "./neon.ts";
import { seed } from "./seed.ts";
import type { Seeded } from "./seed.ts";
import type { Secrets } from "./state.ts";
import { startUpstash } from "./upstash.ts";
import { startUpstream } from "./upstream/server.ts";
import type { UpstreamOptions } from "./upstream/server.ts";

/** Where paid calls go, and the keys that it knows. */
export type ChosenUpstream = {
  readonly url: string;
  /** As in TIKLIVE_KEY: several are separated by commas. */
  readonly platformKeys: string;
  readonly byoKey: string;
};

export type PartsOptions = {
  /** A superuser's URL of a migrated database. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly secrets: Omit<Secrets, "platformKey" | "byoKey">;
  readonly upstream: ChosenUpstream;
  /** The tenants of an earlier start on this database: their gateway keys stay valid. */
  readonly known?: Pick<Seeded, "tenants"> | undefined;
};

export type Parts = Awaited<ReturnType<typeof startParts>>;

/**
 * Puts the two HTTP endpoints in front of a Postgres and a Redis, fills the database, and says how a Worker finds all of it. The one
 * place that knows which settings a local Worker needs, whoever starts it.
 */
export async function startParts({ databaseUrl, redisUrl, secrets, upstream, known }: PartsOptions) {
  const keys = { peppers: `1:${secrets.pepper}`, encryptionKeys: `1:${secrets.encryptionKey}` };
  const { rolePassword, upstashToken } = secrets;
  const seeded = await seed({ ...keys, databaseUrl, rolePassword, known, byoKey: upstream.byoKey });
  const upstash = await startUpstash({ redisUrl, token: upstashToken });
  const neon = await startNeon({ postgresUrl: databaseUrl });
  return {
    upstash,
    neon,
    tenants: seeded.tenants,
    /** The Worker's settings. */
    settings: {
      UPSTREAM_URL: upstream.url,
      TIKLIVE_KEY: upstream.platformKeys,
      UPSTASH_REDIS_REST_URL: upstash.url,
      UPSTASH_REDIS_REST_TOKEN: upstashToken,
      DATABASE_URL_RW: seeded.databaseUrls.rw,
      DATABASE_URL_AUTH: seeded.databaseUrls.auth,
      DATABASE_URL_OPS: seeded.databaseUrls.ops,
      NEON_SQL_ENDPOINT: neon.url,
      KEY_PEPPERS: keys.peppers,
      KEY_ENCRYPTION_KEYS: keys.encryptionKeys,
      ADMIN_TOKEN: secrets.adminToken,
      // Receivers of webhooks run on the same machine.
      WEBHOOK_TARGETS: "any",
    },
    stop: async () => {
      await Promise.all([upstash.stop(), neon.stop()]);
    },
  };
}

type UpstreamKeys = Omit<ChosenUpstream, "url">;

/** An emulated upstream on which the given keys have credits without end. */
export async function startKeyedUpstream(keys: UpstreamKeys, options: UpstreamOptions = {}) {
  const account = { state: "active", credits: null, downloadTier: true } as const;
  const names = [...keys.platformKeys.split(",").map((key) => key.trim()), keys.byoKey];
  const { url, close } = await startUpstream({
    ...options,
    keys: Object.fromEntries(names.map((name) => [name, account])),
  });
  return { ...keys, url, close };
}
