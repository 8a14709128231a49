import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as v from "valibot";
import { becomesReady, end, startServer } from "../dev/processes.ts";
import { pinnedTo } from "./cores.ts";
import { socketsOf, workerdConfig, type Fleet } from "./workerd-config.ts";

export const WORKERD = createRequire(import.meta.url).resolve("workerd/bin/workerd");
const START_MS = 30_000;

const Listening = v.object({ event: v.literal("listen"), socket: v.string(), port: v.number() });

export type RunningWorkerd = {
  readonly pid: number;
  /** Where a Worker listens. */
  origin(worker: string): string;
  stop(): Promise<void>;
};

export type WorkerdOptions = {
  /** Where both bundles are. */
  readonly dir: string;
  readonly fleet: Fleet;
  /** The core that it gets for itself, if any. */
  readonly core: string | undefined;
  /** Further arguments of `workerd serve`. */
  readonly args?: readonly string[];
};

export async function startWorkerd({ dir, fleet, core, args = [] }: WorkerdOptions): Promise<RunningWorkerd> {
  const [config, logFile] = [join(dir, "workerd.capnp"), join(dir, "workerd.log")];
  await writeFile(config, workerdConfig(dir, fleet));
  // What it says on standard output is the ports alone: one line for each.
  const [command, all] = pinnedTo(core, WORKERD, ["serve", config, "--control-fd=1", ...args]);
  const server = startServer(command, all, { logFile });
  const ports = new Map<string, number>();
  const isReady = async () => {
    for (const { socket, port } of listening(await readFile(logFile, "utf8"))) ports.set(socket, port);
    return ports.size >= socketsOf(fleet).length;
  };
  const stop = () => end(server.pid);
  if (!(await becomesReady(server, { isReady, withinMs: START_MS }))) {
    await stop();
    throw new Error(`workerd does not start: ${await readFile(logFile, "utf8")}`);
  }
  return { pid: server.pid, stop, origin: (worker) => `http://127.0.0.1:${portOf(ports, worker)}` };
}

function portOf(ports: ReadonlyMap<string, number>, worker: string): number {
  const port = ports.get(worker);
  if (port === undefined) throw new Error(`no Worker is called ${worker}`);
  return port;
}

function listening(log: string): v.InferOutput<typeof Listening>[] {
  const Line = v.pipe(v.string(), v.parseJson(), Listening);
  return log.split("\n").flatMap((line) => {
    const read = v.safeParse(Line, line);
    return read.success ? [read.output] : [];
  });
}
