import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export type Load = {
  /** `saturate`: `rate` connections that never wait. `pace`: `rate` requests a second at even distances. */
  readonly kind: "saturate" | "pace";
  readonly rate: number;
  readonly seconds: number;
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly path: string;
  /** Whether every request is a call of its own: a number is put behind the path. */
  readonly renews: boolean;
};

export type LoadResult = {
  readonly requests: number;
  /** Those that were not answered with 200. */
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of every paced request; none of the saturating ones, which have no time to look. */
  readonly cacheStatuses: readonly string[];
};

export type LoadGenerator = { run(load: Load): Promise<LoadResult>; stop(): Promise<void> };

/** Starts the load generator's process. One load at a time. */
export function startLoadGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, "load.ts"));
  return {
    async run(load) {
      const answered = new AbortController();
      const died = once(child, "exit", { signal: answered.signal }).then(() => {
        throw new Error("the load generator died");
      });
      const measured = once(child, "message", { signal: answered.signal });
      // Whichever comes second is of no interest any more.
      died.catch(() => undefined);
      measured.catch(() => undefined);
      child.send(load);
      try {
        const [result] = (await Promise.race([measured, died])) as [LoadResult];
        return result;
      } finally {
        answered.abort();
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}
