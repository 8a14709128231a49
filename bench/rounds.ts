import type { Asked, Counters } from "./counters.ts";
import type { Load, LoadGenerator } from "./load-child.ts";
import type { RequestClass } from "./request-classes.ts";

export const CONNECTIONS = 32;
/** Half of what a miss reaches on a small machine: a p99 in a growing queue is the queue's. */
export const PACED_PER_SECOND = 40;
const WARM_UP_SECONDS = 1;
/** The first request fetches and the second finds; a third for a store that is slower than the second request. */
const PRIMING_REQUESTS = 3;

/** A class of requests and who answers it. */
export type Target = {
  readonly requestClass: RequestClass;
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** One round of one class. What Redis was asked is per request. */
export type Sample = Asked & { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number };
export type Row = { readonly name: string; readonly samples: readonly Sample[] };

export type RoundsOptions = {
  readonly targets: readonly Target[];
  readonly load: LoadGenerator;
  readonly counters: Counters;
  readonly rounds: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
  say(line: string): void;
};

/**
 * Measures all classes in turn, and that again each round: what else the machine does hits them alike. Throws when a response is not a
 * 200 or did not go the way that its row claims.
 */
export async function runRounds(options: RoundsOptions): Promise<readonly Row[]> {
  const { targets, rounds, say, signal } = options;
  const samples = targets.map((): Sample[] => []);
  for (const target of targets) {
    signal.throwIfAborted();
    await measure({ ...options, seconds: WARM_UP_SECONDS }, target, "w");
  }
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    for (const [at, target] of targets.entries()) {
      signal.throwIfAborted();
      samples[at]?.push(await measure(options, target, String(round)));
    }
  }
  return targets.map(({ requestClass }, at) => ({ name: requestClass.name, samples: samples[at] ?? [] }));
}

async function measure({ load, counters, seconds }: RoundsOptions, target: Target, round: string): Promise<Sample> {
  await prime(target, `${round}a`);
  const common = { seconds, origin: target.origin, headers: target.headers, renews: target.requestClass.renews };
  const before = await counters.read();
  const path = pathOf(target, `${round}b`);
  const full: Load = { ...common, kind: "saturate", rate: CONNECTIONS, path };
  const saturated = await load.run(full);
  const paced = await load.run({ ...full, kind: "pace", rate: PACED_PER_SECOND });
  const after = await counters.whenQuiet();
  const failed = saturated.failed + paced.failed;
  if (failed > 0) throw new Error(`${target.requestClass.name}: ${failed} responses were not 200`);
  for (const cacheStatus of paced.cacheStatuses) check(target, cacheStatus);
  await prime(target, `${round}c`);
  const requests = saturated.requests + paced.requests;
  return {
    perSecond: saturated.perSecond,
    p50Ms: paced.p50Ms,
    p99Ms: paced.p99Ms,
    roundTrips: (after.roundTrips - before.roundTrips) / requests,
    commands: (after.commands - before.commands) / requests,
    billed: (after.billed - before.billed) / requests,
  };
}

/** Asks until the answer comes the way of its class: caches have to be filled. */
async function prime(target: Target, label: string): Promise<void> {
  for (let left = PRIMING_REQUESTS; left > 0; left -= 1) {
    const response = await fetch(`${target.origin}${pathOf(target, `${label}${left}`)}`, { headers: target.headers });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${target.requestClass.name}: a response was ${response.status}`);
    const cacheStatus = response.headers.get("cache-status") ?? "";
    if (left === 1) check(target, cacheStatus);
    else if (goesItsWay(target, cacheStatus)) return;
  }
}

function pathOf({ requestClass: { path, renews } }: Target, label: string): string {
  return renews ? `${path}_${label}_` : path;
}

function check(target: Target, cacheStatus: string): void {
  if (!goesItsWay(target, cacheStatus))
    throw new Error(`${target.requestClass.name}: a response says "${cacheStatus}"`);
}

function goesItsWay({ requestClass }: Target, cacheStatus: string): boolean {
  return requestClass.cacheStatus?.test(cacheStatus) ?? true;
}
