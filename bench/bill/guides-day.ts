import { guidesSample, type SampleOperation } from "../simulate/sample-design.ts";
import { upstreamLatency } from "../simulate/latency.ts";
import { plainTtl } from "../simulate/simple-designs.ts";
import type { Options } from "../simulate/options.ts";
import { traceOf } from "../simulate/trace.ts";
import { COSTS } from "../costs.ts";
import { NOTHING_USED, sum, usedBy, type Used } from "./bill.ts";

/** Something that the guides' design does, with what it takes. */
export type Counting = {
  readonly what: string;
  readonly when: "each request" | "as simulated";
  readonly commands: number;
  readonly writes: number;
  readonly messages: number;
  readonly because: string;
};

const often = { when: "each request", messages: 0 } as const;
const seldom = { when: "as simulated", commands: 0, writes: 0, messages: 0 } as const;

/** By the tenancy guide. */
export const EVERY_REQUEST: readonly Counting[] = [
  {
    ...often,
    what: "auth tenant",
    commands: 1,
    writes: 0,
    because: "a GET by the key: the guide names the step and no store, and a row of Postgres each time would cost more",
  },
  {
    ...often,
    what: "token bucket",
    commands: 3,
    writes: 1,
    because: "its script: EVALSHA, HMGET, HMSET; hits pass it too, for the gateway stands before the cache",
  },
];

/** By the caching guide's samples, and for each upstream call by the tenancy guide; the simulation counts how often. */
export const BY_OPERATION: Readonly<Record<SampleOperation, Counting>> = {
  GET: { ...seldom, what: "cache read", commands: 1, because: "where the process has nothing of the last minute" },
  SET: {
    ...seldom,
    what: "cache write",
    commands: 1,
    writes: 1,
    because: "SET with EX; user info twice, for its stale copy",
  },
  message: { ...seldom, what: "refresh", messages: 1, because: "through a queue, as the guide says of serverless" },
  call: {
    ...seldom,
    what: "usage event",
    messages: 1,
    because: "a row for each upstream call, which no request can wait for",
  },
};

/** The stock recipe: auth, a limiter of the library (EVALSHA and three commands), the cache, a counter. */
export const STOCK_COMMANDS = 7;

const NOTHING = COSTS["not modified"];

export type Design = { readonly name: string; readonly used: Used };

/** The same day through the guides' own samples, as they stand in a Worker. */
export function guidesDay(options: Options): Design {
  const trace = traceOf(options);
  const seen = { GET: 0, SET: 0, message: 0, call: 0 };
  guidesSample(trace, upstreamLatency(options.upstreamMs, options.seed), (operation) => (seen[operation] += 1));
  const parts = (["GET", "SET", "message", "call"] as const).map((each) => usedByOperation(each, seen[each]));
  const consumed = { ...NOTHING_USED, requests: seen.message + seen.call };
  return { name: "the guides' own design", used: sum([everyRequest(trace.requests), consumed, ...parts]) };
}

/** Part of requests that are counted already. */
function usedByOperation(operation: SampleOperation, times: number): Used {
  const { commands, writes, messages } = BY_OPERATION[operation];
  const dispatches = operation === "call" ? 1 : 0;
  const used = usedBy(
    { ...NOTHING, commands, writes, messages, dispatches, subrequests: commands + dispatches },
    times,
  );
  return { ...used, requests: 0 };
}

function everyRequest(requests: number): Used {
  const commands = EVERY_REQUEST.reduce((all, each) => all + each.commands, 0);
  const writes = EVERY_REQUEST.reduce((all, each) => all + each.writes, 0);
  return usedBy({ ...NOTHING, commands, writes, subrequests: EVERY_REQUEST.length }, requests);
}

/** Seven commands a request, and one more to keep what was fetched. */
export function stockDay(options: Options): Design {
  const trace = traceOf(options);
  const { calls } = plainTtl(trace, upstreamLatency(options.upstreamMs, options.seed));
  const every = usedBy({ ...NOTHING, commands: STOCK_COMMANDS, writes: 3, subrequests: 4 }, trace.requests);
  const kept = { ...usedBy({ ...NOTHING, commands: 1, writes: 1, subrequests: 2, dispatches: 1 }, calls), requests: 0 };
  return { name: "the stock recipe", used: sum([every, kept]) };
}

/** Every request is a credit, and nothing stands between. */
export function noCacheDay(options: Options): Design {
  return { name: "no cache", used: { ...NOTHING_USED, credits: traceOf(options).requests } };
}
