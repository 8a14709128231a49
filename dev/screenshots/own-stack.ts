import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../ports.ts";
import { becomesReady, end, startServer } from "../processes.ts";
import { stateIn, type Running } from "../state.ts";
import type { Teardown } from "../teardown.ts";
import { ROOT } from "../wrangler.ts";

/** What would lead to anything but servers of its own. */
const ELSEWHERE = ["REDIS_URL", "DATABASE_URL", "UPSTREAM_URL", "TIKLIVE_KEY", "BYO_KEY", "ADMIN_TOKEN"];

const STARTS_WITHIN_MS = 120_000;

type Options = { readonly dir: string; readonly teardown: Teardown; readonly signal: AbortSignal };

/** Everything that `npm run dev` starts, empty, on a port of its own, with its state below `dir`. */
export async function startOwnStack({ dir, teardown, signal }: Options): Promise<Running> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  const logFile = join(dir, "stack.log");
  const env: NodeJS.ProcessEnv = { ...process.env, STATE_DIR: dir, PORT: String(await freePort()), CRONS: "off" };
  for (const name of [...ELSEWHERE, "npm_lifecycle_event"]) delete env[name];
  const stack = startServer(process.execPath, [join(ROOT, "dev", "main.ts")], { logFile, env, cwd: ROOT });
  // It ends its own servers one after another.
  teardown.add(() => end(stack.pid, { graceMs: 30_000 }));
  const state = stateIn(dir);
  await becomesReady(stack, {
    isReady: async () => (await state.running()) !== null,
    withinMs: STARTS_WITHIN_MS,
    signal,
  });
  signal.throwIfAborted();
  const running = await state.running();
  if (running === null) throw new Error(`the stack does not start: see ${logFile}`);
  return running;
}
