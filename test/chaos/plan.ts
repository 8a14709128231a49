import { Draws } from "../../dev/upstream/world/draws.ts";
import { FAILPOINTS, type Failpoint } from "./failpoints.ts";
import { PART_FAULTS, UPSTREAM_FAULTS, type FaultName } from "./faults.ts";
import { TENANTS, type TenantName } from "./tenants.ts";

/** Two Workers on one stack, each with its own memory, Cache API and queues, as two colos have them. */
export const WORKERS = 2;

/** Faults and kills end here before the end, so that the last ones meet traffic too. */
const TAIL_MS = 500;

export type PlannedRequest = {
  readonly kind: "request";
  readonly atMs: number;
  readonly worker: number;
  readonly tenant: TenantName;
  readonly path: string;
  /** When the client leaves; null is not at all. */
  readonly leavesAfterMs: number | null;
};
export type PlannedFault = {
  readonly kind: "fault";
  readonly atMs: number;
  readonly forMs: number;
  readonly fault: FaultName;
};
export type PlannedKill = {
  readonly kind: "kill";
  readonly atMs: number;
  readonly worker: number;
  /** Null is wherever it happens to be. */
  readonly failpoint: Failpoint | null;
};
export type PlannedAct = {
  readonly kind: "act";
  readonly atMs: number;
  readonly tenant: TenantName;
  readonly act: "suspend" | "delete";
};
export type Planned = PlannedRequest | PlannedFault | PlannedKill | PlannedAct;

export type PlanOptions = {
  readonly seed: number;
  readonly seconds: number;
  /** Those to draw from; all of them unless told. */
  readonly faults?: readonly FaultName[];
  /** None is no kills. */
  readonly failpoints?: readonly (Failpoint | null)[];
};

/** Everything that a run does, in order of time: who asks what of whom, what breaks, who dies. The same seed is the same plan. */
export function planOf(options: PlanOptions): readonly Planned[] {
  const lengthMs = options.seconds * 1_000;
  const faults = options.faults ?? [...PART_FAULTS, ...UPSTREAM_FAULTS];
  const failpoints = options.failpoints ?? [...FAILPOINTS, null];
  const draws = (what: string) => new Draws(`chaos/${options.seed}/${what}`);
  const isOfPart = (fault: FaultName) => PART_FAULTS.some((each) => each === fault);
  return [
    ...requests(draws("requests"), options.seed, lengthMs),
    // One part at a time, which is what hits survive; the upstream has its troubles beside that.
    ...faultsOf(draws("parts"), faults.filter(isOfPart), { lengthMs, gapMs: [200, 400], forMs: [300, 600] }),
    ...faultsOf(
      draws("upstream"),
      faults.filter((fault) => !isOfPart(fault)),
      { lengthMs, gapMs: [0, 200], forMs: [200, 400] },
    ),
    ...kills(draws("kills"), failpoints, lengthMs),
    ...acts(draws("acts"), lengthMs),
  ].toSorted((one, other) => one.atMs - other.atMs);
}

/** A request each 30 to 90 ms, sometimes several of the same call at once. */
function requests(draws: Draws, seed: number, lengthMs: number): PlannedRequest[] {
  const planned: PlannedRequest[] = [];
  let serial = 0;
  for (let atMs = 0; atMs < lengthMs; atMs += draws.int(30, 90)) {
    const asked = {
      kind: "request" as const,
      atMs,
      tenant: draws.pick(TENANTS).name,
      path: path(draws, `s${seed}n${(serial += 1)}`),
      leavesAfterMs: draws.oneIn(12) ? draws.int(1, 60) : null,
    };
    const times = draws.oneIn(8) ? draws.int(2, 5) : 1;
    for (let time = 0; time < times; time += 1) planned.push({ ...asked, worker: draws.int(0, WORKERS - 1) });
  }
  return planned;
}

/** Mostly calls that nobody asked before, since those spend. */
function path(draws: Draws, name: string): string {
  const kind = draws.int(1, 20);
  if (kind <= 9) return `/userid/?username=${name}`;
  if (kind <= 13) return `/challenge-info-name/?name=hot${draws.int(1, 5)}`;
  if (kind <= 15) return `/userid/?username=missing${name}`;
  if (kind <= 16) return `/user-posts/?userid=1${draws.digits(9)}`;
  if (kind <= 18) return "/v1/tenant";
  return `/download-video/?url=https%3A%2F%2Fwww.tiktok.com%2F%40who.ever%2Fvideo%2F7${draws.digits(18)}`;
}

type Spacing = {
  readonly lengthMs: number;
  readonly gapMs: readonly [number, number];
  readonly forMs: readonly [number, number];
};

/** One after the other, each of them once before any of them comes again. */
function faultsOf(draws: Draws, faults: readonly FaultName[], spacing: Spacing): PlannedFault[] {
  const planned: PlannedFault[] = [];
  if (faults.length === 0) return planned;
  let waiting: FaultName[] = [];
  let atMs = draws.int(...spacing.gapMs);
  for (;;) {
    const forMs = draws.int(...spacing.forMs);
    if (atMs + forMs > spacing.lengthMs - TAIL_MS) return planned;
    if (waiting.length === 0) waiting = shuffled(draws, faults);
    const fault = waiting.pop();
    if (fault !== undefined) planned.push({ kind: "fault", atMs, forMs, fault });
    atMs += forMs + draws.int(...spacing.gapMs);
  }
}

/** Some seconds apart, the Workers in turn: the other one goes on. */
function kills(draws: Draws, failpoints: readonly (Failpoint | null)[], lengthMs: number): PlannedKill[] {
  const planned: PlannedKill[] = [];
  if (failpoints.length === 0) return planned;
  const first = draws.int(0, WORKERS - 1);
  let waiting: (Failpoint | null)[] = [];
  for (let atMs = draws.int(300, 900); atMs < lengthMs - TAIL_MS; atMs += draws.int(2_000, 3_000)) {
    if (waiting.length === 0) waiting = shuffled(draws, failpoints);
    planned.push({
      kind: "kill",
      atMs,
      worker: (first + planned.length) % WORKERS,
      failpoint: waiting.pop() ?? null,
    });
  }
  return planned;
}

function acts(draws: Draws, lengthMs: number): PlannedAct[] {
  const at = () => draws.int(Math.floor(lengthMs / 3), Math.floor((lengthMs * 2) / 3));
  return TENANTS.flatMap(({ name, ends }) =>
    ends === undefined ? [] : [{ kind: "act" as const, atMs: at(), tenant: name, act: ends }],
  );
}

function shuffled<T>(draws: Draws, list: readonly T[]): T[] {
  return list
    .map((each) => ({ each, at: draws.bits() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ each }) => each);
}
