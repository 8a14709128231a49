import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, inject } from "vitest";
import { freshDatabase, freshRedis } from "../support/databases.ts";
import { buildWorker } from "../support/real-servers.ts";
import { runChaos, type ChaosOptions, type Report } from "./chaos.ts";

export const FAILPOINT_WORKER = "test/chaos/failpoint-worker.ts";

export type Run = Omit<ChaosOptions, "databaseUrl" | "redisUrl" | "workerConfig" | "entrypoint" | "logFile">;

/** Runs chaos on servers of the test run, each time on a database and a Redis of its own. Builds the Worker with failpoints once. */
export function useChaos(): (run: Run) => Promise<Report> {
  let dir = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "tikedge-chaos-"));
    await buildWorker({ outdir: dir, entry: FAILPOINT_WORKER });
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  return (run) => chaosWith({ ...run, dir });
}

/** Runs chaos with the Worker that was built into `dir`. */
export async function chaosWith({ dir, ...run }: Run & { readonly dir: string }): Promise<Report> {
  const [database, redis] = await Promise.all([freshDatabase(), freshRedis()]);
  try {
    return await runChaos({
      ...run,
      databaseUrl: database.url,
      redisUrl: redis.url,
      workerConfig: inject("workerConfig"),
      entrypoint: join(dir, "failpoint-worker.js"),
      logFile: join(dir, "workers.log"),
    });
  } finally {
    await Promise.all([database.drop(), redis.release()]);
  }
}
