import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { unstable_readConfig as readWranglerConfig } from "wrangler";
import { QUIET_WRANGLER, ROOT, wrangler } from "../dev/wrangler.ts";

export type WorkerFiles = { readonly gatewayFile: string; readonly besideFile: string };

/** Bundles the gateway, and what stands beside it, as `wrangler deploy` would upload them. */
export async function buildWorkers(dir: string): Promise<WorkerFiles> {
  return {
    gatewayFile: await build("src/index.ts", join(dir, "gateway")),
    besideFile: await build("bench/in-workerd/index.ts", join(dir, "beside")),
  };
}

async function build(entry: string, outdir: string): Promise<string> {
  const [command, args] = wrangler(["deploy", entry, "--dry-run", "--outdir", outdir]);
  await promisify(execFile)(command, args, { cwd: ROOT, env: QUIET_WRANGLER });
  return join(outdir, "index.js");
}

/** The compatibility date that every Worker of the benchmark runs with: the gateway's. */
export function deployedOn(): string {
  const { compatibility_date: date } = readWranglerConfig(
    { config: join(ROOT, "wrangler.toml") },
    { hideWarnings: true },
  );
  if (date === undefined) throw new Error("wrangler.toml has no compatibility date");
  return date;
}
