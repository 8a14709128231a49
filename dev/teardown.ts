import { setTimeout as wait } from "node:timers/promises";
import { commandOf, parentOf } from "./processes.ts";

const LOOK_MS = 250;

export type Teardown = {
  /** Remembers how to end what was just started. */
  add(end: () => Promise<unknown>): void;
};

/**
 * Runs a program that starts things until Ctrl-C or a request to end; then, and also when it fails, ends them, what was started last
 * first. An error's message is all that the terminal gets.
 */
export async function runUntilStopped(
  program: (teardown: Teardown, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = stopSignal();
  const ends: (() => Promise<unknown>)[] = [];
  try {
    await program({ add: (end) => void ends.push(end) }, signal);
  } catch (error) {
    // Being asked to end is no failure, wherever in the start it happens.
    if (!signal.aborted) {
      console.error(`tikedge: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end().catch(complain);
  process.exit();
}

/** Aborts at the first request to end. Later ones change nothing: npm passes on what the terminal has sent already. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => controller.abort());
  // Whoever read what this says is gone. Without a listener the next line would end the process, and leave its servers.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => controller.abort());
  // npm ends itself and its shell when it is asked to, but not what runs in the shell; and killed by force it ends nothing.
  if (process.env["npm_lifecycle_event"] !== undefined) void abandoned().then(() => controller.abort());
  return controller.signal;
}

/** Resolves when npm, or the shell between npm and this process, is gone. */
async function abandoned(): Promise<void> {
  const shell = process.ppid;
  const npm = await parentOf(shell);
  while ((await commandOf(shell)) !== null && (await commandOf(npm)) !== null) await wait(LOOK_MS);
}

/** What fails to end does not keep the rest alive. */
function complain(error: unknown): void {
  console.error(error);
  process.exitCode = 1;
}
