import { parseArgs } from "node:util";
import { endLeftoverWorker, keepWorker } from "./keep-worker.ts";
import { requireFreePort } from "./ports.ts";
import { readSettings } from "./settings.ts";
import { stateIn } from "./state.ts";
import { runUntilStopped } from "./teardown.ts";

/** How soon a Worker ends after its stack: the next one has other addresses. */
const WATCH_MS = 1_000;

/**
 * `npm run worker -- --port N`: one more Worker on the running stack of STATE_DIR. Its Cache API and its queues are its own, so it is to
 * the first one what another location of Cloudflare's would be.
 */
await runUntilStopped(async (teardown, signal) => {
  const { values } = parseArgs({ options: { port: { type: "string" } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error("say where: npm run worker -- --port 8788");
  const { STATE_DIR } = readSettings(process.env);
  const state = stateIn(STATE_DIR);
  if ((await state.running()) === null) throw new Error(`no stack runs on ${STATE_DIR}: start one with npm run dev`);
  const dir = state.workerDir(String(port));
  await endLeftoverWorker(dir);
  await requireFreePort(port, `npm run worker -- --port ${port + 1}`);
  const stackEnded = new AbortController();
  const endWithStack = async () => {
    if ((await state.running()) !== null || stackEnded.signal.aborted) return;
    console.log("  the stack has ended, and this Worker with it");
    stackEnded.abort();
  };
  const watch = setInterval(() => void endWithStack(), WATCH_MS);
  teardown.add(async () => clearInterval(watch));
  await keepWorker({
    port,
    dir,
    envFile: state.workerEnv,
    signal: AbortSignal.any([signal, stackEnded.signal]),
    onReady: async ({ url, logFile }) => console.log(`  the Worker's log: ${logFile}\ntikedge worker ready ${url}`),
    onDeath: () => console.log("  the Worker died: starting it again"),
  });
});
