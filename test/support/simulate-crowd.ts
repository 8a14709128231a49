import { reserve, type ReserveOrder, type ReservePorts } from "../../src/answer/reserve.ts";
import type { Priority, Reserve } from "../../src/core/ledger.ts";
import { memoryKeyMarks } from "./memory-key-marks.ts";
import { memoryLedger } from "./memory-ledger.ts";
import { seededRandom } from "./seeded-random.ts";
import { silentLog } from "./silent-log.ts";
import { simulatedTime } from "./simulated-time.ts";

/** Tenants that ask alike. */
export type Group = {
  readonly name: string;
  readonly tenants: number;
  /** When a tenant's calls come, milliseconds from the beginning. */
  calls(random: () => number): Iterable<number>;
  readonly priority?: Priority;
};

export type Crowd = {
  readonly seed: number;
  readonly cap: number;
  readonly groups: readonly Group[];
  /** Calls are looked at between these, milliseconds from the beginning. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Sees everything that the ledger is asked, and when. */
  readonly onAsk?: (request: Reserve, nowMs: number) => void;
};

export type GroupSeen = { asked: number; refused: number; asks: number; readonly waitedMs: number[] };

/** What may lie between reservation and dispatch, and what the ledger's windows are longer by, milliseconds. */
const JITTER_MS = 300;

/** A round trip to the ledger takes up to twice as long, milliseconds. */
const HALF_TRIP_MS = 15;

/**
 * Lets a crowd ask for one upstream key, through the real step, on the ledger in memory, in simulated time. `arrivalsMs` is what the
 * upstream sees: each dispatch arrives some time after its reservation.
 */
export async function simulateCrowd({ seed, cap, groups, fromMs, untilMs, onAsk }: Crowd) {
  const random = seededRandom(seed);
  const time = simulatedTime();
  const beganMs = time.clock();
  const ledger = memoryLedger(time.clock, memoryKeyMarks(time.clock));
  const arrivalsMs: number[] = [];
  let reservations = 0;

  async function ask(request: Reserve) {
    await time.pause(random() * HALF_TRIP_MS);
    onAsk?.(request, time.clock());
    const reservation = await ledger.reserve(request);
    if (reservation.kind === "reserved") arrivalsMs.push(time.clock() - beganMs + random() * JITTER_MS);
    await time.pause(random() * HALF_TRIP_MS);
    return reservation;
  }

  async function call(tenantId: string, { priority = "interactive" }: Group, seen: GroupSeen | undefined) {
    const askedMs = time.clock();
    reservations += 1;
    const bits = reservations.toString(16).padStart(19, "0");
    const ports: ReservePorts = {
      ledger: { ...ledger, reserve: async (request) => (seen === undefined || (seen.asks += 1), ask(request)) },
      counters: ledger,
      spendingBooks: { of: async () => undefined, all: async () => [] },
      randomBits: () => `${bits}0`,
      pause: time.pause,
      clock: time.clock,
      settleAgainMs: [],
      capacityWaitMs: 3_000,
      log: silentLog,
    };
    const waiting = { wait: { within: <T>(work: () => Promise<T>) => work() }, background: () => undefined };
    const { kind } = await reserve(ports, { ...ORDER, tenantId, priority, candidates: [{ id: "key", cap }] }, waiting);
    if (seen === undefined) return;
    seen.asked += 1;
    if (kind === "reserved") seen.waitedMs.push(time.clock() - askedMs);
    else seen.refused += 1;
  }

  const seenOf = new Map<string, GroupSeen>();
  for (const group of groups) {
    const seen: GroupSeen = { asked: 0, refused: 0, asks: 0, waitedMs: [] };
    seenOf.set(group.name, seen);
    for (let number = 0; number < group.tenants; number += 1)
      for (const atMs of group.calls(random)) {
        const isSeen = atMs >= fromMs && atMs < untilMs;
        const tenantId = `${group.name}-${String(number).padStart(4, "0")}`;
        if (atMs < untilMs) time.at(beganMs + atMs, () => void call(tenantId, group, isSeen ? seen : undefined));
      }
  }
  await time.until(beganMs + untilMs + 5_000);
  arrivalsMs.sort((a, b) => a - b);
  return {
    of: (name: string): GroupSeen => seenOf.get(name) ?? { asked: 0, refused: 0, asks: 0, waitedMs: [] },
    arrivalsMs,
    /** How much of the cap was used while calls were looked at. */
    used: arrivalsMs.filter((at) => at >= fromMs && at < untilMs).length / ((cap * (untilMs - fromMs)) / 60_000),
  };
}

const ORDER: Omit<ReserveOrder, "tenantId" | "priority" | "candidates"> = {
  endpoint: "/userid/",
  credits: 1,
  requestId: "request",
  quotas: { daily: null, monthly: null },
  lease: null,
  lookedAfter: null,
};

/** The most of these sorted times that lie within any span of so many milliseconds. */
export function mostWithin(times: readonly number[], spanMs: number): number {
  let [first, most] = [0, 0];
  for (const [last, time] of times.entries()) {
    while ((times[first] ?? time) <= time - spanMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
