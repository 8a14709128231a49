import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import {
  unstable_getMiniflareWorkerOptions as readWorkerOptions,
  unstable_readConfig as readWranglerConfig,
} from "wrangler";
import { QUIET_WRANGLER, ROOT, wrangler } from "../dev/wrangler.ts";
import { gatewayClasses, hello } from "./request-classes.ts";

const CONFIG = join(ROOT, "wrangler.toml");

/** Bundles a Worker as `wrangler deploy` would upload it; resolves to the bundle's file. */
export async function buildWorker(outdir: string, entry: "src/index.ts" | "bench/hello.ts"): Promise<string> {
  const [command, args] = wrangler(["deploy", entry, "--dry-run", "--outdir", outdir]);
  await promisify(execFile)(command, args, { cwd: ROOT, env: QUIET_WRANGLER });
  return join(outdir, entry.endsWith("hello.ts") ? "hello.js" : "index.js");
}

export type Workers = { origin(worker: string): Promise<string>; stop(): Promise<void> };

export type WorkersOptions = {
  readonly gatewayFile: string;
  readonly helloFile: string;
  readonly settings: Readonly<Record<string, string>>;
};

/**
 * Every Worker of the benchmark in one workerd, each on a socket of its own. `unstable_startWorker` would put two more Workers in front
 * of each, the development proxy and the router of the simulator, which cost more than the gateway and would make all rows look alike.
 */
export async function startWorkers({ gatewayFile, helloFile, settings }: WorkersOptions): Promise<Workers> {
  const deployed = readWorkerOptions(CONFIG).workerOptions;
  const gateways = gatewayClasses.map(({ worker, settings: changes }, at) =>
    Object.assign(listening(worker, gatewayFile), deployed, {
      bindings: { ...settings, ...changes },
      // A queue has one consumer: the first Worker is it for all.
      ...(at === 0 ? {} : { queueConsumers: {} }),
    }),
  );
  const plain = Object.assign(listening(hello.worker, helloFile), {
    compatibilityDate: deployedOn(),
    bindings: settings,
  });
  const workers: V4WorkerOptions[] = [plain, ...gateways];
  const miniflare = withoutSignals(() => new Miniflare(convertV4MiniflareOptions({ workers, cf: false })));
  await miniflare.ready;
  return {
    origin: async (worker) => (await miniflare.unsafeGetDirectURL(worker)).origin,
    stop: () => miniflare.dispose(),
  };
}

const END_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The simulator would end this process at once on Ctrl-C and leave the databases running: what was started is ended in order here. */
function withoutSignals<Started>(start: () => Started): Started {
  const known = new Map(END_SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  const started = start();
  for (const [signal, listeners] of known) {
    for (const listener of process.listeners(signal)) if (!listeners.includes(listener)) process.off(signal, listener);
  }
  return started;
}

function listening(name: string, file: string) {
  return {
    name,
    modulesRoot: join(file, ".."),
    modules: [{ type: "ESModule" as const, path: file }],
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

/** The compatibility date that every Worker of the benchmark runs with: the gateway's. */
export function deployedOn(): string {
  const { compatibility_date: date } = readWranglerConfig({ config: CONFIG }, { hideWarnings: true });
  if (date === undefined) throw new Error("wrangler.toml has no compatibility date");
  return date;
}
