import { execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

const POLL_MS = 25;

export type ServerProcess = { readonly pid: number; isRunning(): boolean };

export type ServerOptions = { readonly logFile: string; readonly env?: NodeJS.ProcessEnv };

/**
 * Starts a server in a process group of its own, so that a Ctrl-C meant for the parent reaches it only through the parent, which
 * ends things in order. It writes to a file: a pipe would break with the parent, and the server with it.
 */
export function startServer(command: string, args: readonly string[], { logFile, env }: ServerOptions): ServerProcess {
  const log = openSync(logFile, "a");
  const child = spawn(command, args, { env, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  // A program that does not exist is reported here, and has no process number.
  child.once("error", () => undefined);
  if (child.pid === undefined) throw new Error(`${command} is not installed`);
  return { pid: child.pid, isRunning: () => child.exitCode === null && child.signalCode === null };
}

/** The command line of a living process; null for one that is gone, or that is only waiting to be reaped. */
export async function commandOf(pid: number): Promise<string | null> {
  try {
    if (process.platform !== "linux") {
      const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", String(pid)]);
      return stdout.trim() || null;
    }
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8");
    return words.replaceAll("\0", " ").trim() || null;
  } catch {
    return null;
  }
}

/** Ends a process and waits for it: politely first, by force when it takes longer than `graceMs`. */
export async function end(
  pid: number,
  { signal = "SIGTERM", graceMs = 5_000 }: { signal?: NodeJS.Signals; graceMs?: number } = {},
): Promise<void> {
  if (!send(pid, signal) || (await isGone(pid, graceMs))) return;
  send(pid, "SIGKILL");
  await isGone(pid, graceMs);
}

/** Ends a process and everything it started in its group. */
export async function endGroup(leader: number): Promise<void> {
  await end(leader, { graceMs: 8_000 });
  send(-leader, "SIGKILL");
}

/** False when there is no such process. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function isGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    if ((await commandOf(pid)) === null) return true;
    await wait(POLL_MS);
  }
  return false;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Asks until the answer is yes; false when the server ends before, or when it takes too long. */
export async function becomesReady(
  server: ServerProcess,
  isReady: () => Promise<boolean>,
  withinMs = 30_000,
): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (server.isRunning() && Date.now() < deadline) {
    if (await isReady()) return true;
    await wait(POLL_MS);
  }
  return false;
}
