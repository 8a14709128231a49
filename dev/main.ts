import { join } from "node:path";
import { unstable_readConfig as readWranglerConfig } from "wrangler";
import { startCrons } from "./crons.ts";
import { endLeftoverWorker, keepWorker } from "./keep-worker.ts";
import { requireFreePort } from "./ports.ts";
import { readSettings } from "./settings.ts";
import { startStack } from "./stack.ts";
import { stateIn } from "./state.ts";
import type { Running } from "./state.ts";
import { runUntilStopped } from "./teardown.ts";
import type { Teardown } from "./teardown.ts";
import { ROOT } from "./wrangler.ts";

/** `npm run dev`: the whole gateway on this machine, until Ctrl-C. */
await runUntilStopped(async (teardown, signal) => {
  const settings = readSettings(process.env);
  const state = stateIn(settings.STATE_DIR);
  teardown.add(await state.lock());
  await state.withdraw();
  teardown.add(state.withdraw);
  const dir = state.workerDir("main");
  await endLeftoverWorker(dir);
  await requireFreePort(settings.PORT, `PORT=${settings.PORT + 1} npm run dev`);
  const stack = await startStack({ settings, state, teardown, signal, say });
  say("building and starting the Worker");
  await keepWorker({
    port: settings.PORT,
    dir,
    envFile: state.workerEnv,
    signal,
    async onReady({ url, logFile }) {
      const cronUrl = `${url}/cdn-cgi/local/scheduled`;
      if (settings.CRONS) fireCrons(cronUrl, teardown);
      const running = { baseUrl: url, ...stack, cronUrl };
      await warmUp(url);
      await state.announce(running);
      say(`the Worker's log: ${logFile}`);
      console.log(`tikedge ready ${url}\n${exampleCall(running)}`);
    },
    onDeath: () => say("the Worker died: starting it again"),
  });
});

function say(line: string): void {
  console.log(`  ${line}`);
}

/** Has the Worker open its connections: the first call would wait in vain for them on a busy machine, and be refused. */
async function warmUp(url: string): Promise<void> {
  const health = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  if (health?.ok !== true) say(`not every part answers: see ${url}/healthz`);
}

function fireCrons(url: string, teardown: Teardown): void {
  const { crons } = readWranglerConfig({ config: join(ROOT, "wrangler.toml") }, { hideWarnings: true }).triggers;
  const timer = startCrons({ url, crons: crons ?? [] });
  teardown.add(async () => timer.stop());
}

function exampleCall({ baseUrl, tenants }: Running): string {
  return `curl -H 'X-Api-Key: ${tenants[0]?.apiKey}' '${baseUrl}/userid/?username=tiktok'`;
}
