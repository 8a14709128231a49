import type { Asked, Counters } from "./counters.ts";
import type { LoadGenerator } from "./load-child.ts";
import { prime } from "./prime.ts";
import { askedOf, check, type Target } from "./targets.ts";

export const CONNECTIONS = 32;
const WARM_UP_SECONDS = 1;
/** Of latency, turns in a second: short against what disturbs a machine, long against a collector's pause. */
const TURNS = 4;

/** One round of one class. What was asked of Redis and the queues is per request. */
export type Sample = Asked & {
  readonly perSecond: number;
  /** Of workerd. */
  readonly cpuMicros: number;
  /** Which share of the time workerd computed: well below 1 something else was the bottleneck. */
  readonly busy: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly besideP50Ms: number;
  readonly besideP99Ms: number;
  /** Of the load generator's worst but one in a hundred. */
  readonly lateMs: number;
};
export type Row = { readonly target: Target; readonly samples: readonly Sample[] };

export type RoundsOptions = {
  readonly targets: readonly Target[];
  readonly load: LoadGenerator;
  readonly counters: Counters;
  /** What workerd has used of its core so far, microseconds. */
  readonly cpuMicros: () => Promise<number>;
  readonly rounds: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
  say(line: string): void;
};

/**
 * Measures all classes in turn, and that again each round: what else the machine does hits them alike. Throws when a response did not
 * go the way that its row claims.
 */
export async function runRounds(options: RoundsOptions): Promise<readonly Row[]> {
  const { targets, rounds, say, signal } = options;
  const samples = targets.map((): Sample[] => []);
  say("warming up");
  for (const target of targets) {
    signal.throwIfAborted();
    await saturate({ ...options, seconds: WARM_UP_SECONDS }, target, "w");
  }
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    for (const [at, target] of targets.entries()) {
      signal.throwIfAborted();
      samples[at]?.push(await measure(options, target, String(round)));
    }
  }
  return targets.map((target, at) => ({ target, samples: samples[at] ?? [] }));
}

async function measure(options: RoundsOptions, target: Target, round: string): Promise<Sample> {
  const { counters } = options;
  await prime(target, `${round}a`);
  const before = await counters.read();
  const { requests, ...saturated } = await saturate(options, target, `${round}b`);
  const { paced, beside } = await pace(options, target, `${round}d`);
  const after = await counters.whenQuiet();
  const perRequest = (field: keyof Asked) => (after[field] - before[field]) / (requests + paced.answers.length);
  return {
    ...saturated,
    p50Ms: paced.p50Ms,
    p99Ms: paced.p99Ms,
    besideP50Ms: beside.p50Ms,
    besideP99Ms: beside.p99Ms,
    lateMs: paced.lateMs,
    roundTrips: perRequest("roundTrips"),
    commands: perRequest("commands"),
    billed: perRequest("billed"),
    messages: perRequest("messages"),
  };
}

async function saturate({ load, cpuMicros, seconds }: RoundsOptions, target: Target, label: string) {
  const headers = await prime(target, `${label}p`);
  const startedMicros = await cpuMicros();
  const result = await load.saturate({
    asked: askedOf({ ...target, headers }, label),
    connections: CONNECTIONS,
    seconds,
  });
  const usedMicros = (await cpuMicros()) - startedMicros;
  const { requests, perSecond, broken, refused } = result;
  const { name, status, strays } = target.requestClass;
  const wrong = status < 400 ? refused : requests - refused;
  if (broken > 0 || wrong > requests * strays) throw new Error(`${name}: ${broken} broken, ${wrong} wrong responses`);
  return {
    requests,
    perSecond,
    cpuMicros: usedMicros / requests,
    busy: (usedMicros * perSecond) / requests / 1_000_000,
  };
}

/** The class and the row beside which it is, by turns. */
async function pace({ load, targets, seconds }: RoundsOptions, target: Target, label: string) {
  const { perSecond, beside: name } = target.requestClass;
  const other = targets.find(({ requestClass }) => requestClass.name === name);
  if (other === undefined) throw new Error(`there is no row ${name}`);
  const headers = await prime(target, `${label}p`);
  const asked = [askedOf({ ...target, headers }, label), askedOf(other, `${label}o`)];
  const [paced, beside] = await load.pace({ asked, perSecond, seconds, perTurn: Math.ceil(perSecond / TURNS) });
  if (paced === undefined || beside === undefined) throw new Error("the load generator measured nothing");
  check(target, paced.answers);
  check(other, beside.answers);
  return { paced, beside };
}
