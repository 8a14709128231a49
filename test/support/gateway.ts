import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { unstable_startWorker } from "wrangler";
import { startKeyedUpstream, startParts } from "../../dev/parts.ts";
import { newSecrets } from "../../dev/state.ts";
import { freshDatabase, freshRedis } from "./databases.ts";
import { expectNoSecrets } from "./no-secrets.ts";
import { rewriteEntry, type Head } from "./rewrite-entry.ts";
import { Seen } from "./seen.ts";
import { MESSAGE } from "./tap-queues.ts";
import { ROLE_PASSWORD } from "./tenancy-database.ts";
import { DIRECT_KEY, upstreamControl } from "./upstream-control.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url).href);

export const PLATFORM_KEY = "platform-key-of-the-tests";
export const BYO_KEY = "tenants-own-key-of-the-tests";

export type Stack = Awaited<ReturnType<typeof startStack>>;
export type Settings = Readonly<Record<string, string>>;

/**
 * The real parts that a gateway stands on, for one test file: a database of its own in real PostgreSQL, a logical database of its own
 * in real Redis, the two HTTP endpoints, and the emulated upstream with its clock frozen at `nowMs`.
 */
export async function startStack({ nowMs = Date.now() }: { nowMs?: number } = {}) {
  const [database, redis] = await Promise.all([freshDatabase(), freshRedis()]);
  const keys = { platformKeys: PLATFORM_KEY, byoKey: BYO_KEY };
  const upstream = await startKeyedUpstream(keys, { nowMs });
  await upstreamControl(upstream.url).setKey({ key: DIRECT_KEY, state: "active", credits: null, downloadTier: true });
  const secrets = { ...newSecrets(), rolePassword: ROLE_PASSWORD };
  const parts = await startParts({ databaseUrl: database.url, redisUrl: redis.url, secrets, upstream });
  const settings: Settings = {
    ...parts.settings,
    // A budget for the network of a data centre is too small for a machine that runs three test files on two cores.
    REDIS_WAIT_MS: "10000",
    REDIS_COMMAND_MS: "10000",
    DATABASE_TIMEOUT_MS: "10000",
    // What is waited for is to come soon; that events are sent together has tests of its own.
    EVENTS_FLUSH_MS: "50",
    // The sweep runs when a test says so, and then it is to find what is there.
    ABANDONED_MS: "2000",
    UNRECORDED_MS: "0",
    // What tests ask for within a minute no upstream would take; how much it takes has tests of its own, and so have retries and rests.
    PLATFORM_KEY_CAPS: "2000",
    OWN_KEY_CAP: "2000",
    UPSTREAM_PER_SECOND: "2000",
    COOL_DOWN_MOST_MS: "1",
    RETRY_CREDITS: "0",
    BREAKER_FAILURES: "1000000",
    // A test that lets the upstream fail asks again at once; what is noted of failures has tests of its own.
    FAILURE_NOTE_MS: "0",
    // Crons and what is asked for must spend no more than a test does by itself; warming has tests of its own.
    WARM_BUDGET: "0",
    // A key that was refused is probed later, and would take the fault that a test has set for its own call.
    CHECK_KEY_MS: "3600000",
  };
  const seen = new Seen();
  return {
    ...parts,
    settings,
    database,
    redis,
    redisToken: secrets.upstashToken,
    upstream,
    /** What was seen of the Workers on this stack. */
    seen,
    /** Changes the head of the one entry of an endpoint in Redis whose identity contains `text`, as if it had been written otherwise. */
    rewriteEntry: (endpoint: string, text: string, change: (head: Head) => Head) =>
      rewriteEntry(redis.url, { endpoint, text, change }),
    tenant: (keyMode: "shared" | "byo") => {
      const found = parts.tenants.find((tenant) => tenant.keyMode === keyMode);
      if (found === undefined) throw new Error(`the seed has no ${keyMode} tenant`);
      return found;
    },
    /** Fails when a secret is anywhere, whatever the tests did. Workers are closed before, so that all of their responses have ended. */
    close: async () => {
      try {
        await expectNoSecrets({ ...parts, database, redis, upstream, seen });
      } finally {
        await Promise.all([parts.stop(), upstream.close()]);
        await Promise.all([database.drop(), redis.release()]);
      }
    },
  };
}

/** A Worker on the stack: the built one, in workerd, with a Cache API and queues of its own, as another colo has them. */
export type Gateway = {
  readonly url: string;
  /** The platform's upstream keys that it pays with. */
  readonly platformKeys: readonly string[];
  get(path: string, init?: RequestInit & { key?: string }): Promise<Response>;
  /** Lets a minute pass, as far as crons know. */
  runCrons(): Promise<void>;
  /** What the Worker wrote to its console so far. */
  logs(): readonly string[];
  readonly seen: Seen;
  close(): Promise<void>;
};

/**
 * Wrangler's test harness would send the Worker's requests through Node's fetch, which follows redirects and turns a refused connection
 * into a response: here the Worker has workerd's own network, as in production.
 */
export async function startGateway(
  stack: Stack,
  overrides: Settings = {},
  entrypoint = inject("tappedWorker"),
): Promise<Gateway> {
  const { seen } = stack;
  const settings = { ...stack.settings, ...overrides };
  seen.settings(settings);
  const logs: string[] = [];
  const hear = (message: string) => {
    const isLog = !message.startsWith(MESSAGE);
    if (isLog) logs.push(message);
    (isLog ? seen.logs : seen.messages).push(message);
  };
  const worker = await unstable_startWorker({
    config: inject("workerConfig"),
    entrypoint,
    bindings: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [name, { type: "secret_text", value }]),
    ),
    build: { bundle: false, moduleRules: [{ type: "ESModule", globs: ["*.js"] }] },
    dev: {
      server: { hostname: "127.0.0.1", port: 0 },
      inspector: false,
      persist: false,
      watch: false,
      logLevel: "none",
      structuredLogsHandler: ({ message }: { message: string }) => hear(message),
    },
  });
  await worker.ready;
  const { origin } = await worker.url;
  return {
    url: origin,
    platformKeys: (overrides["TIKLIVE_KEY"] ?? PLATFORM_KEY).split(","),
    seen,
    get: async (path, { key, headers: given, ...init } = {}) => {
      const headers = withKey(given, key);
      seen.presented(headers);
      const response = await fetch(`${origin}${path}`, { redirect: "manual", ...init, headers });
      seen.response(response);
      return response;
    },
    runCrons: async () => {
      const response = await fetch(`${origin}/cdn-cgi/local/scheduled?cron=${encodeURIComponent("* * * * *")}`);
      if (!response.ok) throw new Error(`the cron failed: ${response.status}`);
    },
    logs: () => logs,
    close: () => worker.dispose(),
  };
}

function withKey(given: RequestInit["headers"], key: string | undefined): Headers {
  const headers = new Headers(given);
  if (key !== undefined) headers.set("x-api-key", key);
  return headers;
}
