import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { QUIET_WRANGLER } from "../../dev/wrangler.ts";
import { READY, type Start } from "./worker-process.ts";

const READY_MS = 60_000;

/** One process group with one Worker in it. */
export type WorkerProcess = {
  readonly serial: number;
  readonly url: string;
  /** SIGKILLs all of the group; resolves when it is gone. */
  kill(): Promise<void>;
};

export type PoolOptions = {
  /** What the process with this number is told. */
  startOf(serial: number): Start;
  /** How many processes will be taken, as far as is known: until then the next one is started ahead, since starting takes seconds. */
  readonly expected: number;
  /** Gets what they say. */
  readonly logFile: string;
};

/** Hands out processes that run a Worker each. */
export function processPool({ startOf, expected, logFile }: PoolOptions) {
  const log = openSync(logFile, "a");
  const started: Promise<WorkerProcess>[] = [];
  let spare: Promise<WorkerProcess> | undefined;

  function start(): Promise<WorkerProcess> {
    const serial = started.length;
    const starting = run(startOf(serial), serial, log);
    // Whoever takes it hears of it, and so does nobody before.
    starting.catch(() => undefined);
    started.push(starting);
    return starting;
  }

  return {
    take: (): Promise<WorkerProcess> => {
      const taken = spare ?? start();
      spare = started.length < expected ? start() : undefined;
      return taken;
    },
    stop: async () => {
      const all = await Promise.allSettled(started);
      await Promise.all(all.map(async (each) => each.status === "fulfilled" && each.value.kill()));
      closeSync(log);
    },
  };
}

async function run(start: Start, serial: number, log: number): Promise<WorkerProcess> {
  const program = join(import.meta.dirname, "worker-process.ts");
  // A group of its own, which is killed as a whole: workerd is the child of this child.
  const child = spawn(process.execPath, [program], {
    detached: true,
    stdio: ["pipe", "pipe", log],
    env: QUIET_WRANGLER,
  });
  // Its end is seen by whoever waits for it; what is written to one that is gone is nobody's trouble.
  child.stdin?.on("error", () => undefined);
  child.stdin?.write(`${JSON.stringify(start)}\n`);
  return { serial, url: await urlOf(child), kill: () => ended(child) };
}

function urlOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the Worker does not start")), READY_MS);
    const settle = (act: () => void) => {
      clearTimeout(late);
      act();
    };
    child.once("exit", (code) => settle(() => reject(new Error(`the Worker ended with ${code} while it started`))));
    if (child.stdout === null) throw new Error("the Worker's process has no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith(READY)) settle(() => resolve(line.slice(READY.length)));
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await exit;
}
