import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runUntilStopped } from "../dev/teardown.ts";
import { gzipKib, startUpMs } from "./bundle.ts";
import { shareCores, type Cores } from "./cores.ts";
import { startCounters } from "./counters.ts";
import { cpuTimer } from "./cpu-time.ts";
import { gatewayClasses } from "./gateway-classes.ts";
import { latencyPlot } from "./latency-plot.ts";
import { startLoadGenerator } from "./load-child.ts";
import { report } from "./report.ts";
import { CONNECTIONS, runRounds } from "./rounds.ts";
import { loadProgram } from "./saturate.ts";
import { startStack } from "./stack.ts";
import { targetsAt } from "./targets.ts";
import { buildWorkers, deployedOn } from "./workers.ts";
import { startWorkerd } from "./workerd.ts";

/** `npm run bench`: every class of request beside a bare hello, on one machine, in one run. */
await runUntilStopped(async (teardown, signal) => {
  const { rounds, seconds, only, out } = readOptions();
  const cores = await shareCores();
  const dir = await mkdtemp(join(tmpdir(), "tikedge-bench-"));
  teardown.add(() => rm(dir, { recursive: true, force: true }));
  say("building the Workers");
  const files = await buildWorkers(dir);
  signal.throwIfAborted();
  const startUp = await startUpMs(files.gatewayFile, dir);
  const sizeKib = await gzipKib(files.gatewayFile);
  signal.throwIfAborted();
  say("starting PostgreSQL, Redis and workerd");
  const stack = await startStack(dir, teardown);
  signal.throwIfAborted();
  const gateways = gatewayClasses.map(({ worker, settings }) => ({ name: worker, settings }));
  const fleet = { ...files, gateways, settings: stack.settings, compatibilityDate: deployedOn() };
  const workerd = await startWorkerd({ dir, fleet, core: cores?.workerd });
  teardown.add(workerd.stop);
  const load = startLoadGenerator();
  teardown.add(load.stop);
  const { endpoint, url: redisUrl, kind } = stack.redis;
  const counters = startCounters({ endpoint, redisUrl, queueUrl: workerd.origin("queue") });
  teardown.add(async () => counters.stop());
  const targets = targetsAt({ ...stack, origin: workerd.origin }, only);
  const cpuMicros = await cpuTimer(workerd.pid);
  const rows = await runRounds({ targets, load, counters, cpuMicros, rounds, seconds, signal, say });
  const machine = `${layoutOf(cores)}; Node ${process.version}, Redis: ${kind}, load: ${await loadProgram()}`;
  const how = `${rounds} interleaved rounds of ${seconds} s at ${CONNECTIONS} connections and ${seconds} s at a fixed rate`;
  console.log(report({ rows, sizeKib, startUpMs: startUp, machine, how }));
  if (out !== undefined) await writeFile(out, latencyPlot(rows));
});

/** `--only 'memory hit|miss'` leaves out the rows of other names, but for the hellos; `--out` names a file for the plot. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "1" },
      only: { type: "string", default: "" },
      out: { type: "string" },
    },
  });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (![rounds, seconds].every((number) => Number.isInteger(number) && number > 0))
    throw new Error("--rounds and --seconds are whole numbers from 1");
  return { rounds, seconds, only: new RegExp(values.only), out: values.out };
}

function layoutOf(cores: Cores | null): string {
  if (cores === null) return "nothing is pinned to a core: workerd and what measures it take time from each other";
  return `workerd alone on core ${cores.workerd}, everything else on ${cores.others}`;
}

function say(line: string): void {
  console.log(`  ${line}`);
}
