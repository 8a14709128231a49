import { parseArgs } from "node:util";
import { endLeftoverWorker, keepWorker } from "./keep-worker.ts";
import { requireFreePort } from "./ports.ts";
import { readSettings } from "./settings.ts";
import { stateIn } from "./state.ts";
import { runUntilStopped } from "./teardown.ts";

/**
 * `npm run worker -- --port N`: one more Worker on the running stack of STATE_DIR. Its Cache API and its queues are its own, so it is to
 * the first one what another location of Cloudflare's would be.
 */
await runUntilStopped(async (_, signal) => {
  const { values } = parseArgs({ options: { port: { type: "string" } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error("say where: npm run worker -- --port 8788");
  const { STATE_DIR } = readSettings(process.env);
  const state = stateIn(STATE_DIR);
  if ((await state.running()) === null) throw new Error(`no stack runs on ${STATE_DIR}: start one with npm run dev`);
  const dir = state.workerDir(String(port));
  await endLeftoverWorker(dir);
  await requireFreePort(port, `npm run worker -- --port ${port + 1}`);
  await keepWorker({
    port,
    dir,
    envFile: state.workerEnv,
    signal,
    onReady: async ({ url, logFile }) => console.log(`  the Worker's log: ${logFile}\ntikedge worker ready ${url}`),
    onDeath: () => console.log("  the Worker died: starting it again"),
  });
});
