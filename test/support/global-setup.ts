import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import type { TestProject } from "vitest/node";
import { endLeftoverPostgres, startPostgres } from "../../dev/postgres.ts";
import { commandOf } from "../../dev/processes.ts";
import { endLeftoverRedis, installedServer, startRedis } from "../../dev/redis.ts";
import { QUIET_WRANGLER, ROOT, wrangler } from "../../dev/wrangler.ts";
import { migrate } from "../../drizzle/migrate.ts";
import { tapQueues } from "./tap-queues.ts";

declare module "vitest" {
  // Declared as an interface because it adds to vitest's own.
  interface ProvidedContext {
    /** The superuser's; the template of every test's database is `tikedge_template`. */
    postgresUrl: string;
    redisUrl: string;
    /** The Worker as `wrangler deploy` would send it: `prebuiltWorkerDir` of the test harness. */
    workerDir: string;
    /** The entry point of the same Worker, but for telling what its queues deliver. */
    tappedWorker: string;
    /** wrangler.toml with queues that do not wait for a batch to fill. */
    workerConfig: string;
  }
}

const PREFIX = "tikedge-test-";

/** More than any run asks for: a test file takes one for itself. */
const REDIS_DATABASES = 512;

/** Starts the real parts once for all test files; each file takes a database of its own in them. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  await endAbandonedRuns();
  const dir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const [postgres, redis, workerDir] = await Promise.all([
    startPostgres({ dataDir: join(dir, "postgres"), durable: false }),
    startRedis({ dir: join(dir, "redis"), databases: REDIS_DATABASES, kind: (await installedServer()) ?? "embedded" }),
    buildWorker(join(dir, "worker")),
  ]);
  await createTemplate(postgres.url);
  provide("postgresUrl", postgres.url);
  provide("redisUrl", redis.url);
  provide("workerDir", workerDir);
  provide("tappedWorker", workerDir === "" ? "" : await tapQueues(workerDir, join(dir, "tapped")));
  provide("workerConfig", await writeConfig(dir));
  return async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
    await rm(dir, { recursive: true, force: true });
  };
}

/** A run that was killed by force could not end its servers; its directory carries its process number. */
async function endAbandonedRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const run = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split("-")[0] : process.pid);
    if (run === process.pid || (await commandOf(run)) !== null) continue;
    const dir = join(tmpdir(), name);
    await Promise.all([endLeftoverPostgres(join(dir, "postgres")), endLeftoverRedis(join(dir, "redis"))]);
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Every duration is a setting that tests shrink; how long a queue waits for a batch to fill can be set in this file only. What it names
 * is in the checkout, and built already.
 */
async function writeConfig(dir: string): Promise<string> {
  const deployed = await readFile(join(ROOT, "wrangler.toml"), "utf8");
  const file = join(dir, "wrangler.toml");
  const written = deployed
    .replaceAll(/^max_batch_timeout = \d+$/gm, "max_batch_timeout = 0")
    .replace('main = "src/index.ts"', `main = "${join(ROOT, "src", "index.ts")}"`)
    .replace('directory = "dist/assets"', `directory = "${join(ROOT, "dist", "assets")}"`)
    .replace(/^\[build\]\n(?:.+\n)+/m, "");
  await writeFile(file, written);
  return file;
}

/** A Worker that does not build fails the tests that need it, not the others. */
async function buildWorker(outdir: string): Promise<string> {
  const [command, args] = wrangler(["deploy", "--dry-run", "--outdir", outdir]);
  try {
    await promisify(execFile)(command, args, { cwd: ROOT, env: QUIET_WRANGLER });
    return outdir;
  } catch (error) {
    process.stderr.write(`The Worker does not build:\n${error instanceof Error ? error.message : String(error)}\n`);
    return "";
  }
}

/** Cloning a migrated database takes a tenth of the time of migrating a new one. */
async function createTemplate(superuserUrl: string): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  await client.query("CREATE DATABASE tikedge_template");
  await client.end();
  const template = new URL(superuserUrl);
  template.pathname = "/tikedge_template";
  await migrate(template.href);
}
