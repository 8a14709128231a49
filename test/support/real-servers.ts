import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { endLeftoverPostgres, startPostgres } from "../../dev/postgres.ts";
import { commandOf } from "../../dev/processes.ts";
import { endLeftoverRedis, installedServer, startRedis } from "../../dev/redis.ts";
import { QUIET_WRANGLER, ROOT } from "../../dev/wrangler.ts";
import { migrate } from "../../drizzle/migrate.ts";

const PREFIX = "tikedge-test-";

/** More than any run asks for: a test file takes one for itself. */
const REDIS_DATABASES = 512;

export type RealServers = {
  /** The superuser's; the template of every test's database is `tikedge_template`. */
  readonly postgresUrl: string;
  readonly redisUrl: string;
  /** wrangler.toml with queues that do not wait for a batch to fill. */
  readonly workerConfig: string;
  /** Where else the run may write; gone after `stop`. */
  readonly dir: string;
  stop(): Promise<void>;
};

/** Starts PostgreSQL and Redis for one run, and ends those of runs that were killed by force. */
export async function startServers(): Promise<RealServers> {
  await endAbandonedRuns();
  const dir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const [postgres, redis] = await Promise.all([
    startPostgres({ dataDir: join(dir, "postgres"), durable: false }),
    startRedis({ dir: join(dir, "redis"), databases: REDIS_DATABASES, kind: (await installedServer()) ?? "embedded" }),
  ]);
  await createTemplate(postgres.url);
  return {
    postgresUrl: postgres.url,
    redisUrl: redis.url,
    workerConfig: await writeConfig(dir),
    dir,
    stop: async () => {
      await Promise.all([postgres.stop(), redis.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
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

export type BuildOptions = {
  readonly outdir: string;
  /** Another entry than the deployed one, from the root. */
  readonly entry?: string;
  /** Another checkout. */
  readonly root?: string;
};

/** Builds a Worker as `wrangler deploy` would send it. */
export async function buildWorker({ outdir, entry, root = ROOT }: BuildOptions): Promise<void> {
  // The copy's own wrangler is the checkout's: a mutated copy has no other.
  const program = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  const args = ["deploy", ...(entry === undefined ? [] : [entry]), "--dry-run", "--outdir", outdir];
  await promisify(execFile)(process.execPath, [program, ...args], { cwd: root, env: QUIET_WRANGLER });
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
