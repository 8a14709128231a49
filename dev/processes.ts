import { execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

const POLL_MS = 25;

export type ServerProcess = { readonly pid: number; isRunning(): boolean };

export type ServerOptions = { readonly logFile: string; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string };

/**
 * Starts a server in a process group of its own, so that a Ctrl-C meant for the parent reaches it only through the parent, which
 * ends things in order. It writes to a file: a pipe would break with the parent, and the server with it.
 */
export function startServer(
  command: string,
  args: readonly string[],
  { logFile, ...options }: ServerOptions,
): ServerProcess {
  const log = openSync(logFile, "w");
  const child = spawn(command, args, { ...options, detached: true, stdio: ["ignore", log, log] });
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

/** The process that started another one; 0 when it is gone. */
export async function parentOf(pid: number): Promise<number> {
  if (process.platform === "linux") return Number((await statOf(pid))[1] ?? 0);
  const { stdout } = await promisify(execFile)("ps", ["-o", "ppid=", "-p", String(pid)]).catch(() => ({ stdout: "0" }));
  return Number(stdout);
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

/** Ends every process of a group. Its leader may be gone already. */
export async function endGroup(group: number, graceMs = 8_000): Promise<void> {
  if (!send(-group, "SIGTERM")) return;
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline) {
    if ((await membersOfGroup(group)).length === 0) return;
    await wait(POLL_MS);
  }
  send(-group, "SIGKILL");
}

export type Member = { readonly pid: number; readonly command: string };

/** The living processes of a group. */
export async function membersOfGroup(group: number): Promise<readonly Member[]> {
  const pids = await (process.platform === "linux" ? membersByProc(group) : membersByPs(group));
  const members = await Promise.all(pids.map(async (pid) => ({ pid, command: await commandOf(pid) })));
  return members.flatMap(({ pid, command }) => (command === null ? [] : { pid, command }));
}

/** A bare Linux has no ps. */
async function membersByProc(group: number): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const stats = await Promise.all(pids.map(statOf));
  return pids.filter((_, at) => Number(stats[at]?.[2]) === group);
}

/** The fields of /proc/PID/stat after the program's name, which stands in parentheses: state, parent, group ... */
async function statOf(pid: number): Promise<readonly string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

async function membersByPs(group: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,pgid="]);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return rows.filter(([, of]) => of === group).flatMap(([pid = 0]) => pid);
}

/** False when there is no such process. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Waits for the end of a process; false when it lives longer. */
export async function isGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    if ((await commandOf(pid)) === null) return true;
    await wait(POLL_MS);
  }
  return false;
}

type Wait = { isReady(): Promise<boolean>; readonly withinMs: number; readonly signal?: AbortSignal };

/** Asks until the answer is yes; false when the server ends before, when it takes too long, or when the signal aborts. */
export async function becomesReady(server: ServerProcess, { isReady, withinMs, signal }: Wait): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (server.isRunning() && Date.now() < deadline) {
    if (signal?.aborted) return false;
    if (await isReady()) return true;
    await wait(POLL_MS);
  }
  return false;
}
