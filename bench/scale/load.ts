import { COLLECTED, COSTS, type CostClass } from "../costs.ts";

/** The parts of requests that go each way; together 1. */
export type Mix = Readonly<Record<"memory hit" | "colo hit" | "Redis hit" | "stale hit" | "miss", number>>;

export type Load = {
  readonly perSecond: number;
  readonly mix: Mix;
  /** Isolates that requests come to. */
  readonly isolates: number;
};

/** Of the isolates, those that see requests of one tenant. */
const ISOLATES_OF_A_TENANT = 4;

/** By the ratio of hits that the simulation has at growing traffic, and by what more traffic on fewer isolates does to memory. */
export const LOADS: readonly Load[] = [
  {
    perSecond: 10,
    isolates: 8,
    mix: { "memory hit": 0.1, "colo hit": 0.15, "Redis hit": 0.55, "stale hit": 0.1, miss: 0.1 },
  },
  {
    perSecond: 1_000,
    isolates: 50,
    mix: { "memory hit": 0.65, "colo hit": 0.2, "Redis hit": 0.12, "stale hit": 0.015, miss: 0.015 },
  },
  {
    perSecond: 100_000,
    isolates: 2_000,
    mix: { "memory hit": 0.9, "colo hit": 0.07, "Redis hit": 0.02, "stale hit": 0.005, miss: 0.005 },
  },
];

export const TENANTS = [200, 5_000, 50_000] as const;

/** What is needed of each thing that has a limit, a second unless it says otherwise. */
export type Needs = {
  readonly upstreamKeys: number;
  readonly ledgerCommands: number;
  /** Those for tokens among them. */
  readonly cacheCommands: number;
  readonly tokenCommands: number;
  readonly usageMessages: number;
  readonly refreshMessages: number;
  readonly bookedRows: number;
};

/** Dispatches a minute on one upstream key. */
export const UPSTREAM_CAP = 200;

/** Commands of a dispatch that are the cache's: its look-up, and what it stores. */
const CACHE_COMMANDS_OF_A_MISS = 2;

/** By a plan's bucket of 600, refilled at 10 a second: what is held for two seconds, and for five minutes (`core/token-lease.ts`). */
const MOST_HELD = { briefly: 20, long: 6 };
const HELD_LONG_SECONDS = 300;

/** An isolate reads the log this often at the most, a second. */
const LOG_READINGS = 2;

const commands = (name: CostClass) => COSTS[name].commands;

/** Computed from the counted costs. A stale hit is refreshed once: that it is found several times meanwhile would be less. */
export function needsOf({ perSecond, mix, isolates }: Load, tenants: number): Needs {
  const times = (name: keyof Mix) => perSecond * mix[name];
  const dispatches = times("miss") + times("stale hit");
  const pairs = tenants * Math.min(isolates, ISOLATES_OF_A_TENANT);
  const ofLookUps = times("Redis hit") * commands("Redis hit") + times("stale hit") * commands("stale hit");
  const tokenCommands = questionsForTokens(perSecond, pairs) * commands("memory hit, no token held");
  const ofStores = dispatches * CACHE_COMMANDS_OF_A_MISS;
  return {
    upstreamKeys: Math.ceil((dispatches * 60) / UPSTREAM_CAP),
    ledgerCommands: dispatches * (commands("miss") - CACHE_COMMANDS_OF_A_MISS),
    cacheCommands: ofLookUps + ofStores + tokenCommands + Math.min(perSecond, isolates * LOG_READINGS),
    tokenCommands,
    usageMessages:
      collected(perSecond - dispatches, isolates, COLLECTED.hits) + collected(dispatches, isolates, COLLECTED.events),
    refreshMessages: times("stale hit"),
    bookedRows: dispatches + Math.min(perSecond - dispatches, (pairs * 1_000) / COLLECTED.hits.forMs),
  };
}

/**
 * An isolate asks for as many tokens as it used of a tenant's within a second, or within five minutes, up to a bound of each. One that hardly sees the
 * tenant asks for each request.
 */
export function questionsForTokens(perSecond: number, pairs: number): number {
  const each = perSecond / pairs;
  const block = Math.max(Math.min(each, MOST_HELD.briefly), Math.min(each * HELD_LONG_SECONDS, MOST_HELD.long));
  return pairs * (each / Math.max(1, block));
}

/** Messages a second of isolates that collect for a while, or until there are many. */
function collected(perSecond: number, isolates: number, { most, forMs }: { most: number; forMs: number }): number {
  return Math.max(Math.min(perSecond, (isolates * 1_000) / forMs), perSecond / most);
}
