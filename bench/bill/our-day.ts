import type { Answer } from "../../src/answer/answer.ts";
import { COLLECTED, COSTS, type Cost, type CostClass } from "../costs.ts";
import type { Options } from "../simulate/options.ts";
import { replay } from "../simulate/replay.ts";
import { DAY_MS, traceOf, type Asked } from "../simulate/trace.ts";
import { sum, usedBy, type Used } from "./bill.ts";
import { collector, deliveries } from "./collector.ts";
import { follow, type Followed, type Following } from "./follow.ts";
import { tokenRequestsOf } from "./token-requests.ts";

const MINUTES = 24 * 60;

/** One line of the bill: how often what comes about, and what all of it uses. */
export type Line = { readonly name: string; readonly times: number; readonly used: Used };

/** The caching guide's day through the gateway's own steps, and what each part of it uses. */
export async function ourDay(options: Options): Promise<readonly Line[]> {
  const trace = traceOf(options);
  const seen = new Map<CostClass, number>();
  const paidFor = new Set<number>();
  const [hits, events] = [collector(COLLECTED.hits), collector(COLLECTED.events)];
  const followed: Following[] = [];
  const onAnswer = (asked: Asked, given: Answer) => {
    const name = classOf(asked, given);
    followed.push({ ...asked, isNear: NEAR.has(name) });
    seen.set(name, (seen.get(name) ?? 0) + 1);
    (given.kind === "fetched" ? events : hits).add(asked.isolate, asked.atMs);
    if (given.kind === "fetched" && given.entry !== null) paidFor.add(given.entry.reservedAtMs);
  };
  const { tally, settled } = await replay(trace, { ...options, onAnswer });
  const refreshes = settled.filter(({ occurredAtMs }) => !paidFor.has(occurredAtMs));
  for (const { occurredAtMs } of refreshes) events.add(THE_QUEUES, occurredAtMs % DAY_MS);
  const profiles = refreshes.filter(({ endpoint }) => endpoint.startsWith("/userinfo")).length;
  const { withEvents, withHits } = deliveries(events.sentAtMs(), hits.sentAtMs());
  const messages = events.sentAtMs().length + hits.sentAtMs().length;
  const keys = follow(followed.toSorted((one, other) => one.atMs - other.atMs));
  return [
    ...Array.from(seen, ([name, times]) => line(name, times, withoutEvents(COSTS[name]))),
    line("refreshes", refreshes.length, withoutEvents(COSTS.refresh)),
    added("answers to other calls, refreshed with them", profiles, derivedOnly()),
    line("refreshes that found nothing to do", tally.refreshMessages - refreshes.length, NEEDLESS),
    ...linesOfKeys(keys),
    added("questions for tokens", await tokenRequestsOf(trace, options.scale), COSTS["memory hit, no token held"]),
    added("messages of hits and of events", messages, { ...COSTS["not modified"], messages: 1 }),
    line("deliveries of events", withEvents, COSTS["100 events recorded"]),
    line("deliveries of hits alone", withHits, COSTS["100 batches of hits recorded"]),
    line("minutes of jobs", MINUTES, COSTS["a minute's jobs"]),
  ];
}

/** Answered without Redis. */
const NEAR: ReadonlySet<CostClass> = new Set(["memory hit", "colo hit"]);

/** What is asked about keys. */
function linesOfKeys({ logReadings, recordReadings, recordsAlongside, recordsReadAnew }: Followed): readonly Line[] {
  const afterPause = COSTS["memory hit after a pause"];
  const alongside = beyond(COSTS["Redis hit after a pause"], COSTS["Redis hit that reads the log"]);
  const anew = beyond(COSTS["memory hit after a pause, the key read anew"], afterPause);
  return [
    added("readings of the log of changes", logReadings, COSTS["memory hit that reads the log"]),
    added("readings of the key's record, after a pause", recordReadings, afterPause),
    added("the same along with an answer", recordsAlongside, alongside),
    added("records of the key read anew", recordsReadAnew, anew),
  ];
}

/** The isolate that consumes refreshes: none of a colo that requests come to. */
const THE_QUEUES = -1;

/** The whole day. */
export function usedIn(lines: readonly Line[]): Used {
  return sum(lines.map(({ used }) => used));
}

function line(name: string, times: number, cost: Cost): Line {
  return { name, times, used: usedBy(cost, times) };
}

/** Part of requests that are counted already. */
function added(name: string, times: number, cost: Cost): Line {
  const { cpuMs, ...used } = usedBy(cost, times);
  const { cpuMs: ofRequests } = usedBy(COSTS["not modified"], times);
  return { name, times, used: { ...used, requests: 0, cpuMs: cpuMs - ofRequests } };
}

/** A dispatch's event shares its message, which has a line of its own. */
function withoutEvents(cost: Cost): Cost {
  return cost.dispatches === 0 ? cost : { ...cost, messages: cost.messages - cost.dispatches };
}

/** What user info costs beyond a list. */
function derivedOnly(): Cost {
  return beyond(COSTS["miss that answers other calls"], COSTS.miss);
}

/** What one costs beyond another. */
function beyond(one: Cost, other: Cost): Cost {
  return {
    ...COSTS["not modified"],
    commands: one.commands - other.commands,
    writes: one.writes - other.writes,
    subrequests: one.subrequests - other.subrequests,
  };
}

/** Asks who pays, and finds another answer in Redis than the one that was to be refreshed. */
const NEEDLESS: Cost = { ...COSTS["not modified"], roundTrips: 1, commands: 1, subrequests: 2 };

function classOf({ kind }: Asked, given: Answer): CostClass {
  switch (given.kind) {
    case "hit":
      return ({ memory: "memory hit", colo: "colo hit", redis: "Redis hit" } as const)[given.tier];
    case "refreshing":
    case "stale":
      return "stale hit";
    case "joined":
      return "joined";
    case "fetched":
      return kind.startsWith("userinfo") ? "miss that answers other calls" : "miss";
    case "refused":
      return "quota spent";
    default:
      return given satisfies never;
  }
}
