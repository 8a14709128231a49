import type { Cost } from "../costs.ts";
import { PRICES } from "./prices.ts";

/** What is used of everything that has a price. */
export type Used = {
  /** Invocations: by a request, a batch of a queue, or the clock. */
  readonly requests: number;
  readonly cpuMs: number;
  readonly commands: number;
  /** Of the commands. */
  readonly writes: number;
  readonly messages: number;
  readonly credits: number;
};

/** Dollars. */
export type Bill = {
  readonly workers: number;
  readonly redis: number;
  readonly queues: number;
  readonly credits: number;
};

export const NOTHING_USED: Used = { requests: 0, cpuMs: 0, commands: 0, writes: 0, messages: 0, credits: 0 };

/** A write, a read and a delete. No message here comes near the 64 KB that would make each of them two. */
const OPERATIONS_A_MESSAGE = 3;

/** CPU by the ratios of `RESULTS.md`'s ceilings: a hit through all steps, and what each thing that it asks for adds, milliseconds. */
const CPU_MS = { request: 0.09, subrequest: 0.095, cacheOperation: 0.06, message: 0.03 };

/** At list prices. `readRegions` are those of the database in which it is read, beside the one in which it is written. */
export function billOf(used: Used, readRegions = 0): Bill {
  return {
    workers: used.requests * PRICES.workersRequest + used.cpuMs * PRICES.workersCpuMs,
    redis: (used.commands + used.writes * readRegions) * PRICES.redisCommand,
    queues: used.messages * OPERATIONS_A_MESSAGE * PRICES.queueOperation,
    credits: used.credits * PRICES.credit,
  };
}

/** Redis, Workers and queues together. */
export function infrastructure({ workers, redis, queues }: Bill): number {
  return workers + redis + queues;
}

export function total(bill: Bill): number {
  return infrastructure(bill) + bill.credits;
}

/** What so many of a class use: each is an invocation. */
export function usedBy(cost: Cost, times: number): Used {
  const { subrequests, cacheOperations, messages } = cost;
  const cpuMs =
    CPU_MS.request +
    subrequests * CPU_MS.subrequest +
    cacheOperations * CPU_MS.cacheOperation +
    messages * CPU_MS.message;
  return {
    requests: times,
    cpuMs: cpuMs * times,
    commands: cost.commands * times,
    writes: cost.writes * times,
    messages: messages * times,
    credits: cost.dispatches * times,
  };
}

export function sum(parts: readonly Used[]): Used {
  return parts.reduce(
    (all, part) => ({
      requests: all.requests + part.requests,
      cpuMs: all.cpuMs + part.cpuMs,
      commands: all.commands + part.commands,
      writes: all.writes + part.writes,
      messages: all.messages + part.messages,
      credits: all.credits + part.credits,
    }),
    NOTHING_USED,
  );
}

export function times(used: Used, factor: number): Used {
  return {
    requests: used.requests * factor,
    cpuMs: used.cpuMs * factor,
    commands: used.commands * factor,
    writes: used.writes * factor,
    messages: used.messages * factor,
    credits: used.credits * factor,
  };
}
