import { setTimeout as wait } from "node:timers/promises";
import { Clients } from "./clients.ts";
import type { FaultName } from "./faults.ts";
import { startGround, type Ground, type GroundOptions } from "./ground.ts";
import { leftovers, moneyViolations, type Circumstances } from "./money.ts";
import { planOf, type Planned, type PlanOptions } from "./plan.ts";
import { keepCronsRunning, play } from "./play.ts";

/** How long everything that is left behind may take to come to the books by itself. */
const DRAIN_MS = 60_000;
const LOOK_EACH_MS = 250;

export type ChaosOptions = PlanOptions & Omit<GroundOptions, "expectedKills"> & { readonly drainMs?: number };

export type Report = {
  readonly seed: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly kills: Readonly<Record<string, number>>;
  readonly drainedAfterMs: number | null;
  /** Empty when everything held. */
  readonly violations: readonly string[];
};

/** Plays what a seed plans against real parts, heals, lets everything drain without a hand, and checks what must hold then. */
export async function runChaos(options: ChaosOptions): Promise<Report> {
  const plan = planOf(options);
  const ground = await startGround({ ...options, expectedKills: plan.filter(({ kind }) => kind === "kill").length });
  const crons = new AbortController();
  try {
    const clients = new Clients(ground);
    await clients.warm();
    const running = keepCronsRunning(ground, crons.signal);
    await playWithHits(ground, clients, plan);
    await ground.disarm();
    const drainedAfterMs = await drain(ground, options.drainMs ?? DRAIN_MS);
    crons.abort();
    await running;
    const late = drainedAfterMs === null ? await leftovers(ground) : [];
    const money = await moneyViolations(ground, circumstancesOf(plan));
    return {
      seed: options.seed,
      requests: Object.fromEntries(clients.statuses),
      faults: counted(plan.flatMap((planned) => (planned.kind === "fault" ? [planned.fault] : []))),
      kills: Object.fromEntries(ground.kills),
      drainedAfterMs,
      violations: [
        ...late.map((left) => `not drained: ${left}`),
        ...money,
        ...strangers(clients),
        ...refusedHits(clients),
      ],
    };
  } finally {
    crons.abort();
    await ground.stop();
  }
}

async function playWithHits(ground: Ground, clients: Clients, plan: readonly Planned[]): Promise<void> {
  const over = new AbortController();
  const asking = clients.keepAsking(over.signal);
  try {
    await play(ground, clients, plan);
  } finally {
    over.abort();
    await asking;
  }
}

/** Milliseconds until nothing was left, twice in a row; null when something still is at the end of the time. */
async function drain(ground: Ground, withinMs: number): Promise<number | null> {
  const healedAtMs = Date.now();
  let empty = 0;
  while (Date.now() - healedAtMs < withinMs) {
    empty = (await leftovers(ground)).length === 0 ? empty + 1 : 0;
    if (empty === 2) return Date.now() - healedAtMs;
    await wait(LOOK_EACH_MS);
  }
  return null;
}

/** Redis that does not answer, or answers late, may keep a Worker from settling, as its end does. */
const SEVERING: ReadonlySet<FaultName> = new Set(["redis-down", "redis-slow", "redis-status"]);

function circumstancesOf(plan: readonly Planned[]): Circumstances {
  const faults = plan.flatMap((planned) => (planned.kind === "fault" ? [planned.fault] : []));
  return {
    severed: plan.some(({ kind }) => kind === "kill") || faults.some((fault) => SEVERING.has(fault)),
    countersLost: faults.includes("counters-lost"),
  };
}

/** I4: what belongs to one tenant alone, in a response to another. */
function strangers({ seen }: Clients): string[] {
  return [...seen].flatMap(([player, responses]) => {
    const others = [...seen.keys()].filter((other) => other !== player);
    return others.flatMap((other) =>
      other.canaries.some((canary) => [...responses].some((response) => response.includes(canary)))
        ? [`I4: ${player.name} was shown what belongs to ${other.name}`]
        : [],
    );
  });
}

/** I8. */
function refusedHits({ refusedHits }: Clients): string[] {
  return Object.entries(counted(refusedHits)).map(([refused, times]) => `I8: ${times} times ${refused}`);
}

function counted(names: readonly string[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(names, (name) => name);
  return Object.fromEntries([...groups].map(([name, all]) => [name, all.length]));
}
