import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Client } from "pg";
import { startKeyedUpstream, startParts } from "../dev/parts.ts";
import { startPostgres } from "../dev/postgres.ts";
import { startRedis } from "../dev/redis.ts";
import { newSecrets } from "../dev/state.ts";
import { runUntilStopped, type Teardown } from "../dev/teardown.ts";
import { migrate } from "../drizzle/migrate.ts";
import { gzipKib, startUpMs } from "./bundle.ts";
import { startCounters } from "./counters.ts";
import { startLoadGenerator } from "./load-child.ts";
import { report } from "./report.ts";
import { ceilings, directUpstream, gatewayClasses, hello } from "./request-classes.ts";
import { CONNECTIONS, PACED_PER_SECOND, runRounds, type Target } from "./rounds.ts";
import { buildWorker, startWorkers } from "./workers.ts";

/** As many dispatches a second as an upstream key takes a minute: the ledger keeps about as many in mind as in production. */
const NO_CAPS = {
  CAP_WINDOW_MS: "1000",
  DISPATCH_JITTER_MS: "0",
  PLATFORM_KEY_CAPS: "2000",
  UPSTREAM_PER_SECOND: "2000",
};

/** `npm run bench`: every class of request beside a bare hello, on one machine, in one run. */
await runUntilStopped(async (teardown, signal) => {
  const { rounds, seconds } = readOptions();
  const dir = await mkdtemp(join(tmpdir(), "tikedge-bench-"));
  teardown.add(() => rm(dir, { recursive: true, force: true }));
  say("building the Workers");
  const gatewayFile = await buildWorker(join(dir, "gateway"), "src/index.ts");
  const helloFile = await buildWorker(join(dir, "hello"), "bench/hello.ts");
  signal.throwIfAborted();
  const startUp = await startUpMs(gatewayFile, dir);
  const sizeKib = await gzipKib(gatewayFile);
  signal.throwIfAborted();
  const stack = await startStack(dir, teardown);
  signal.throwIfAborted();
  const workers = await startWorkers({ gatewayFile, helloFile, settings: stack.settings });
  teardown.add(workers.stop);
  const load = startLoadGenerator();
  teardown.add(load.stop);
  const helloOrigin = await workers.origin(hello.worker);
  const targets: readonly Target[] = [
    ...[hello, ...ceilings].map((requestClass) => ({ requestClass, origin: helloOrigin, headers: {} })),
    ...(await Promise.all(
      gatewayClasses.map(async (requestClass) => ({
        requestClass,
        origin: await workers.origin(requestClass.worker),
        headers: { "x-api-key": stack.apiKey },
      })),
    )),
    { requestClass: directUpstream, origin: stack.upstreamUrl, headers: { "x-api-key": stack.platformKey } },
  ];
  const rows = await runRounds({ targets, load, counters: stack.counters, rounds, seconds, signal, say });
  const machine = `${availableParallelism()} cores, Node ${process.version}, Redis: ${stack.redisKind}`;
  const how = `${rounds} interleaved rounds of ${seconds} s at ${CONNECTIONS} connections and ${seconds} s at ${PACED_PER_SECOND} requests/s`;
  console.log(report({ rows, sizeKib, startUpMs: startUp, machine, how }));
});

function readOptions(): { readonly rounds: number; readonly seconds: number } {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "2" } },
  });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (![rounds, seconds].every((number) => Number.isInteger(number) && number > 0))
    throw new Error("--rounds and --seconds are whole numbers from 1");
  return { rounds, seconds };
}

/** Real Postgres and Redis and all that a Worker needs of them. The limits of the tenant's plan are out of the way. */
async function startStack(dir: string, teardown: Teardown) {
  say("starting PostgreSQL and Redis");
  const postgres = await startPostgres({ dataDir: join(dir, "postgres"), durable: false });
  teardown.add(postgres.stop);
  const redis = await startRedis({ dir: join(dir, "redis") });
  teardown.add(redis.stop);
  await migrate(postgres.url);
  await liftLimits(postgres.url);
  const secrets = newSecrets();
  const upstream = await startKeyedUpstream({ platformKeys: secrets.platformKey, byoKey: secrets.byoKey });
  teardown.add(upstream.close);
  const parts = await startParts({ databaseUrl: postgres.url, redisUrl: redis.url, secrets, upstream });
  teardown.add(parts.stop);
  const counters = startCounters({ url: parts.upstash.url, token: secrets.upstashToken }, redis.url);
  teardown.add(async () => counters.stop());
  const tenant = parts.tenants.find(({ plan, keyMode }) => plan === "pro" && keyMode === "shared");
  if (tenant === undefined) throw new Error("the seed has no tenant on the platform's keys");
  return {
    // At 32 connections a budget for waiting would be spent, and the row would measure the way around Redis.
    settings: { ...parts.settings, ...NO_CAPS, REDIS_WAIT_MS: "10000", REDIS_COMMAND_MS: "10000" },
    apiKey: tenant.apiKey,
    platformKey: secrets.platformKey,
    upstreamUrl: upstream.url,
    redisKind: redis.kind,
    counters,
  };
}

async function liftLimits(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("UPDATE app.plans SET burst_capacity = 1000000, burst_refill_per_second = 1000000");
  } finally {
    await client.end();
  }
}

function say(line: string): void {
  console.log(`  ${line}`);
}
