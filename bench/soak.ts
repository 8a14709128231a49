import type { Asked, LoadGenerator } from "./load-child.ts";
import { SHELVED } from "./shelve.ts";
import type { Stack } from "./stack.ts";
import type { Answer } from "./send.ts";
import { NOBODY } from "./upstream.ts";

const CHUNKS = 10;
/** A machine that is busy with other things lets Redis seem down for a moment. */
const STRAYS = 0.05;

type Kind = {
  readonly path: string;
  readonly renews?: boolean;
  readonly key?: keyof Stack["keys"];
  /** By status and `Cache-Status`. */
  readonly answer: RegExp;
};

const call = (user: string) => `/userinfo-by-username/?username=${user}`;

/**
 * What a day brings, and in no day's proportions: what leaks leaks by the request. Shelved answers come from Redis, as long as there are
 * enough of them.
 */
const KINDS: readonly Kind[] = [
  { path: call("bench_hot"), answer: /^200 .*(fwd=uri-miss|; hit;)/ },
  { path: call(SHELVED), renews: true, answer: /^200 .*(fwd=uri-miss|; hit;)/ },
  { path: call("bench_new_"), renews: true, answer: /^200 .*(fwd=uri-miss|; hit;)/ },
  { path: call(`bench_${NOBODY}`), answer: /^200 / },
  { path: call(`bench_${NOBODY}_`), renews: true, answer: /^200 / },
  { path: call("bench_hot"), key: "misspelt", answer: /^401 / },
  { path: call("bench_hot"), key: "unknown", answer: /^401 / },
  { path: call("bench_hot"), key: "limited tenant", answer: /^(429|200) / },
  { path: "/userinfo-by-username/?user=nobody", answer: /^400 / },
];

export type SoakOptions = {
  readonly load: LoadGenerator;
  readonly origin: string;
  readonly keys: Stack["keys"];
  readonly seconds: number;
  readonly perSecond: number;
  readonly signal: AbortSignal;
  /** What the isolate holds now. */
  heap(): Promise<number>;
  say(line: string): void;
};

/** A workload of all kinds at a fixed rate; resolves to what the isolate held after each tenth of the time, bytes. */
export async function soak(options: SoakOptions): Promise<readonly number[]> {
  const { load, seconds, perSecond, signal, heap, say } = options;
  const heaps: number[] = [];
  for (let chunk = 1; chunk <= CHUNKS; chunk += 1) {
    signal.throwIfAborted();
    const asked = KINDS.map((kind) => askedOf(kind, options, chunk));
    const each = seconds / CHUNKS / asked.length;
    const paced = await load.pace({ asked, perSecond, seconds: each, perTurn: 1 });
    for (const [at, { answers }] of paced.entries()) check(KINDS[at], answers);
    heaps.push(await heap());
    say(`${Math.round((seconds * chunk) / CHUNKS)} s: ${((heaps.at(-1) ?? 0) / 1_048_576).toFixed(2)} MiB`);
  }
  return heaps;
}

/** Each time other new calls, and other shelved answers: a digit stands before their numbers. */
function askedOf({ path, renews = false, key = "tenant" }: Kind, { origin, keys }: SoakOptions, chunk: number): Asked {
  return { origin, headers: { "x-api-key": keys[key] }, renews, path: renews ? `${path}${(chunk % 9) + 1}` : path };
}

function check(kind: Kind | undefined, answers: readonly Answer[]): void {
  const wrong = answers.filter(({ status, cacheStatus }) => kind?.answer.test(`${status} ${cacheStatus}`) !== true);
  const [first] = wrong;
  if (first === undefined || wrong.length <= answers.length * STRAYS) return;
  throw new Error(`${kind?.path}: ${wrong.length} of ${answers.length} were ${first.status} "${first.cacheStatus}"`);
}
