import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "./ports.ts";
import { becomesReady, commandOf, membersOfGroup, endGroup, startServer } from "./processes.ts";
import { QUIET_WRANGLER, ROOT, wrangler } from "./wrangler.ts";

const LOOK_MS = 500;

export type WorkerOptions = {
  readonly port: number;
  /** Its own: two Workers with one directory would share their caches and queues. */
  readonly dir: string;
  readonly envFile: string;
  readonly signal: AbortSignal;
  /** Called once, when the Worker answers for the first time. */
  onReady(worker: { readonly url: string; readonly logFile: string }): Promise<void>;
  onDeath(): void;
};

/** Runs the Worker in workerd until the signal aborts, and starts it again when it dies. Its source may change meanwhile. */
export async function keepWorker(options: WorkerOptions): Promise<void> {
  let ready = false;
  while (!options.signal.aborted) {
    const worker = await startWorker(options);
    try {
      if (!ready) await options.onReady(worker);
      ready = true;
      if (await dies(worker, options.signal)) options.onDeath();
    } finally {
      await endGroup(worker.group);
      await rm(ownerFileIn(options.dir), { force: true });
    }
  }
}

type StartedWorker = { readonly url: string; readonly logFile: string; readonly group: number };

async function startWorker({ port, dir, envFile, signal }: WorkerOptions): Promise<StartedWorker> {
  await mkdir(dir, { recursive: true });
  // A colo's cache survives no restart of a Worker in production, by which answers come from Redis; nothing else is kept here.
  const runtimeDir = join(dir, "runtime");
  await rm(runtimeDir, { recursive: true, force: true });
  const logFile = join(dir, "worker.log");
  const ports = ["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", String(await freePort())];
  const files = ["--persist-to", runtimeDir, "--env-file", envFile];
  const [command, args] = wrangler(["dev", ...ports, ...files, "--show-interactive-dev-session=false"]);
  const server = startServer(command, args, { logFile, env: QUIET_WRANGLER, cwd: ROOT });
  await writeFile(pidFileIn(dir), String(server.pid));
  await writeFile(ownerFileIn(dir), String(process.pid));
  const url = `http://127.0.0.1:${port}`;
  let refusal: string | undefined;
  const isOver = async () => (await isLive(url)) || (refusal = await refusalIn(logFile)) !== undefined;
  if ((await becomesReady(server, { isReady: isOver, withinMs: 60_000, signal })) && refusal === undefined) {
    return { url, logFile, group: server.pid };
  }
  await endGroup(server.pid);
  signal.throwIfAborted();
  throw new Error(refusal ?? `the Worker does not answer: see ${logFile}`);
}

/** What the Worker says of settings that it does not take: it would say so of every request. */
async function refusalIn(logFile: string): Promise<string | undefined> {
  return settingsRefusal(await readFile(logFile, "utf8"));
}

/** As `readConfig` says it. */
export function settingsRefusal(log: string): string | undefined {
  return /settings are missing or wrong: [^\n]*/.exec(log)?.[0];
}

/**
 * Waits for the Worker's death; false when the signal aborts before. A killed workerd is replaced by wrangler, as after every rebuild,
 * but not always by one that answers: so whenever the processes changed, the Worker is asked.
 */
async function dies({ url, group }: StartedWorker, signal: AbortSignal): Promise<boolean> {
  let seen = await runtimesOf(group);
  while (!signal.aborted) {
    await wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
    const now = await runtimesOf(group);
    if (now === seen) continue;
    seen = now;
    if (!(await answersAgain(url, signal))) return !signal.aborted;
  }
  return false;
}

async function answersAgain(url: string, signal: AbortSignal): Promise<boolean> {
  for (let attempt = 0; attempt < 5 && !signal.aborted; attempt += 1) {
    if (await isLive(url)) return true;
    await wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

async function runtimesOf(group: number): Promise<string> {
  const members = await membersOfGroup(group);
  const runtimes = members.filter(({ command }) => command.includes("workerd serve"));
  return runtimes.map(({ pid }) => pid).join(" ");
}

/** Ends the Worker that a killed parent left behind, with everything wrangler started for it. Throws when its parent is alive. */
export async function endLeftoverWorker(dir: string): Promise<void> {
  const owner = Number(await readFile(ownerFileIn(dir), "utf8").catch(() => "0"));
  const command = await commandOf(owner);
  const isOurs = [join("dev", "main.ts"), join("dev", "worker.ts")].some((program) => command?.includes(program));
  if (owner !== process.pid && isOurs) throw new Error(`a Worker runs there already (process ${owner}): end it first`);
  const group = Number(await readFile(pidFileIn(dir), "utf8").catch(() => "0"));
  if (group === 0) return;
  const members = await membersOfGroup(group);
  // Process numbers are given out again: only these two programs of this checkout are ours.
  if (members.some(({ command }) => command.includes(dir) || command.includes(join(ROOT, "node_modules"))))
    await endGroup(group);
}

/** Of the process that keeps the Worker. */
function ownerFileIn(dir: string): string {
  return join(dir, "owner.pid");
}

function pidFileIn(dir: string): string {
  return join(dir, "worker.pid");
}

async function isLive(url: string): Promise<boolean> {
  return fetch(`${url}/livez`, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  );
}
