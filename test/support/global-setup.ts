import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildWorker, startServers } from "./real-servers.ts";
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

/** Starts the real parts once for all test files; each file takes a database of its own in them. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const servers = await startServers();
  const workerDir = await built(join(servers.dir, "worker"));
  provide("postgresUrl", servers.postgresUrl);
  provide("redisUrl", servers.redisUrl);
  provide("workerDir", workerDir);
  provide("tappedWorker", workerDir === "" ? "" : await tapQueues(workerDir, join(servers.dir, "tapped")));
  provide("workerConfig", servers.workerConfig);
  return servers.stop;
}

/** A Worker that does not build fails the tests that need it, not the others. */
async function built(outdir: string): Promise<string> {
  try {
    await buildWorker({ outdir });
    return outdir;
  } catch (error) {
    process.stderr.write(`The Worker does not build:\n${error instanceof Error ? error.message : String(error)}\n`);
    return "";
  }
}
