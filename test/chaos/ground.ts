import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { startKeyedUpstream, startParts } from "../../dev/parts.ts";
import { newSecrets } from "../../dev/state.ts";
import { RELEASE, RESERVE, SETTLE } from "../../src/adapters/upstash-ledger-scripts.ts";
import { ROLE_PASSWORD } from "../support/tenancy-database.ts";
import { upstreamControl } from "../support/upstream-control.ts";
import { startController } from "./controller.ts";
import type { Orders } from "./failpoint-worker.ts";
import type { Failpoint } from "./failpoints.ts";
import { startKillable, type KillableWorker } from "./killable-worker.ts";
import { WORKERS } from "./plan.ts";
import { processPool } from "./process-pool.ts";
import { canaryFaults, storePlayers } from "./tenants.ts";

export type GroundOptions = {
  /** A superuser's URL of a migrated database that nobody else uses. */
  readonly databaseUrl: string;
  /** An empty logical database that nobody else uses. */
  readonly redisUrl: string;
  readonly workerConfig: string;
  /** The built Worker with failpoints. */
  readonly entrypoint: string;
  readonly logFile: string;
  readonly expectedKills: number;
};

/** Every duration is as short as it may be: a run of seconds has to see what takes minutes otherwise. */
const SETTINGS = {
  UPSTREAM_DEADLINE_MS: "1500",
  UPSTREAM_MAX_BODY_BYTES: "262144",
  // Not these: on a busy machine what is only late would look broken.
  REDIS_WAIT_MS: "5000",
  REDIS_COMMAND_MS: "5000",
  REDIS_REST_MS: "100",
  DATABASE_REST_MS: "100",
  // Keys with room for everybody, which are back soon: refusals would keep the rest of the plan from the upstream.
  PLATFORM_KEY_CAPS: "2000,2000",
  OWN_KEY_CAP: "2000",
  UPSTREAM_PER_SECOND: "1000",
  PLATFORM_KEY_OUT_MS: "500",
  COOL_DOWN_MS: "200",
  COOL_DOWN_MOST_MS: "300",
  BREAKER_REST_MS: "200",
  // Longer than a dispatch with all attempts to settle it: what is swept earlier was not abandoned.
  ABANDONED_MS: "4000",
  UNRECORDED_MS: "1000",
  HITS_FLUSH_MS: "200",
  EVENTS_FLUSH_MS: "200",
  CRON_LEASE_MS: "1000",
  // Counters that go wrong are to be seen, not mended.
  RECONCILE_MS: "86400000",
  // What many ask is past its time most of the time, so that refreshing goes on through everything that breaks; and soon of no use any more,
  // so that nothing is refreshed when all is over.
  WINDOWS: '{"challenge-info":{"freshMs":300,"staleMs":1500}}',
  REFRESH_AGAIN_MS: "200",
  // Refused keys of tenants are another story, with probes of their own.
  CHECK_KEY_MS: "3600000",
};

export type Ground = Awaited<ReturnType<typeof startGround>>;

/** What a run takes place on: real servers, the two HTTP endpoints, the upstream, its tenants, and Workers that can be killed. */
export async function startGround(options: GroundOptions) {
  const { databaseUrl, redisUrl, workerConfig, entrypoint, logFile, expectedKills } = options;
  const secrets = { ...newSecrets(), rolePassword: ROLE_PASSWORD };
  const platformKeys = [`platform-key-one-${randomUUID()}`, `platform-key-two-${randomUUID()}`];
  const upstream = await startKeyedUpstream({ platformKeys: platformKeys.join(","), byoKey: `unused-${randomUUID()}` });
  const parts = await startParts({ databaseUrl, redisUrl, secrets, upstream });
  const database = { url: databaseUrl };
  const players = await storePlayers({ database, settings: parts.settings }, upstream.url);
  for (const canary of canaryFaults(players)) await upstreamControl(upstream.url).fault(canary);

  await loadScripts(redisUrl);

  const kills = new Map<string, number>();
  let queue: Orders["queue"] = "orderly";
  const armed = new Map<number, Failpoint>();
  const workers: KillableWorker[] = [];
  const tell = async (at: number) => {
    const url = workers[at]?.url();
    const orders: Orders = { queue, failpoint: armed.get(at) ?? null };
    // One that is down is told when it is back.
    if (url !== undefined)
      await fetch(`${url}/__chaos`, { method: "POST", body: JSON.stringify(orders) }).catch(() => undefined);
  };
  const kill = async (at: number, failpoint: Failpoint | null) => {
    armed.delete(at);
    const name = failpoint ?? "anywhere";
    kills.set(name, (kills.get(name) ?? 0) + 1);
    await workers[at]?.kill();
    await tell(at);
  };
  const controller = await startController((serial, failpoint) => {
    const at = workers.findIndex((worker) => worker.isRunBy(serial));
    // One that is being killed already may reach another failpoint meanwhile.
    if (at >= 0) void kill(at, failpoint);
  });
  const settings = { ...parts.settings, ...SETTINGS };
  const pool = processPool({
    startOf: (serial) => ({
      config: workerConfig,
      entrypoint,
      settings: { ...settings, CHAOS_CONTROLLER: controller.urlFor(serial) },
    }),
    expected: WORKERS + expectedKills,
    logFile,
  });
  workers.push(...(await Promise.all(Array.from({ length: WORKERS }, () => startKillable(pool.take)))));

  return {
    database,
    redisUrl,
    secrets,
    parts,
    upstream,
    platformKeys,
    players,
    workers: workers as readonly KillableWorker[],
    /** How often a Worker was killed, by where it was. */
    kills: kills as ReadonlyMap<string, number>,
    kill: (at: number) => kill(at, null),
    /** The Worker dies the next time it passes there. */
    arm: async (at: number, failpoint: Failpoint) => {
      armed.set(at, failpoint);
      await tell(at);
    },
    disarm: async () => {
      armed.clear();
      await Promise.all(workers.map((_, at) => tell(at)));
    },
    /** Until what it returns is called. */
    orderQueue: async (order: Orders["queue"]) => {
      queue = order;
      await Promise.all(workers.map((_, at) => tell(at)));
      return async () => {
        queue = "orderly";
        await Promise.all(workers.map((_, at) => tell(at)));
      };
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await pool.stop();
      await Promise.all([controller.stop(), parts.stop(), upstream.close()]);
    },
  };
}

/**
 * Redis is told of the ledger's scripts before they are first called: the answer that one is not known yet has had no effect, and must not be
 * what gets lost when replies get lost after execution.
 */
async function loadScripts(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    for (const script of [RESERVE, RELEASE, SETTLE]) await redis.script("LOAD", script);
  } finally {
    redis.disconnect();
  }
}
