import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Answer } from "./send.ts";

/** A request that is sent again and again. */
export type Asked = {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether every request is a call of its own: a number is put behind the path. */
  readonly renews: boolean;
};

/** Connections that never wait. */
export type Saturate = {
  readonly kind: "saturate";
  readonly asked: Asked;
  readonly connections: number;
  readonly seconds: number;
};

/** Each of them so many requests a second at even distances for so long, by turns, so that what else the machine does hits all alike. */
export type Pace = {
  readonly kind: "pace";
  readonly asked: readonly Asked[];
  readonly perSecond: number;
  readonly seconds: number;
  /** So many requests before it is the next one's turn. */
  readonly perTurn: number;
};

/** So many calls of one kind, each once. */
export type Visit = {
  readonly kind: "visit";
  readonly asked: Asked;
  readonly count: number;
  readonly connections: number;
};

export type Load = Saturate | Pace | Visit;

export type Saturated = {
  readonly requests: number;
  readonly perSecond: number;
  /** Without a response. */
  readonly broken: number;
  /** Answered with 4xx or 5xx. */
  readonly refused: number;
};

export type Paced = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What each request was answered with, in no order. */
  readonly answers: readonly Answer[];
  /** By how much the worst but one in a hundred was sent late: the load generator's own fault. */
  readonly lateMs: number;
};

/** How many were answered in each way, by status and `Cache-Status` without its figures. */
export type Visited = { readonly ways: Readonly<Record<string, number>> };

export type LoadGenerator = {
  saturate(load: Omit<Saturate, "kind">): Promise<Saturated>;
  /** For each that is asked, in the same order. */
  pace(load: Omit<Pace, "kind">): Promise<readonly Paced[]>;
  visit(load: Omit<Visit, "kind">): Promise<Visited>;
  stop(): Promise<void>;
};

/** Starts the load generator's process. One load at a time. */
export function startLoadGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, "load.ts"));
  async function run(load: Load): Promise<unknown> {
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
      const [result] = await Promise.race([measured, died]);
      return result;
    } finally {
      answered.abort();
    }
  }
  return {
    // The same build is on both sides: what it sends is what it says that it sends.
    saturate: async (load) => (await run({ ...load, kind: "saturate" })) as Saturated,
    pace: async (load) => (await run({ ...load, kind: "pace" })) as readonly Paced[],
    visit: async (load) => (await run({ ...load, kind: "visit" })) as Visited,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}
