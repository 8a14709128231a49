import type { WorkerProcess } from "./process-pool.ts";

export type KillableWorker = {
  /** Nothing while it is down. */
  url(): string | undefined;
  /** Counts its starts: whatever an isolate remembered belongs to one of them. */
  life(): number;
  /** Whether this is the process that runs it now. */
  isRunBy(serial: number): boolean;
  /** SIGKILLs workerd and what runs it, from outside. Resolves when the Worker answers again, from another process. */
  kill(): Promise<void>;
  stop(): Promise<void>;
};

/** A Worker that can be killed at any time as if its machine had gone, and comes back from another. */
export async function startKillable(take: () => Promise<WorkerProcess>): Promise<KillableWorker> {
  let running: WorkerProcess | undefined = await take();
  let lives = 1;
  let replaced: Promise<void> = Promise.resolve();

  async function replace(dying: WorkerProcess): Promise<void> {
    await dying.kill();
    running = await take();
    lives += 1;
  }

  return {
    url: () => running?.url,
    life: () => lives,
    isRunBy: (serial) => running?.serial === serial,
    kill: async () => {
      const dying = running;
      running = undefined;
      // Dead already: it is on its way back.
      if (dying !== undefined) replaced = replace(dying);
      await replaced;
    },
    stop: async () => {
      await replaced;
      await running?.kill();
      running = undefined;
    },
  };
}
