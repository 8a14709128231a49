import { freePort } from "../dev/ports.ts";
import type { Teardown } from "../dev/teardown.ts";
import { heapBytes } from "./inspector.ts";
import { startLoadGenerator } from "./load-child.ts";
import { shelve, SHELVED } from "./shelve.ts";
import { soak } from "./soak.ts";
import { median } from "./spread.ts";
import { startStack } from "./stack.ts";
import { NOBODY } from "./upstream.ts";
import { buildWorkers, deployedOn } from "./workers.ts";
import { startWorkerd } from "./workerd.ts";

/** As by default. */
export const MEMORY_BYTES = 32 * 1_048_576;

const CONNECTIONS = 32;
const WARM_UP = 1_000;

/** The soak has a gateway with a small cache: until one of the usual size is full of the soak's own answers it would hide what leaks. */
const GATEWAYS = [
  { name: "filled", settings: { MEMORY_BYTES: String(MEMORY_BYTES) } },
  { name: "soaked", settings: { MEMORY_BYTES: String(MEMORY_BYTES / 16) } },
];

export type MemoryOptions = {
  /** How many distinct answers are asked for, each once. */
  readonly keys: number;
  /** How long the soak lasts, and how many requests it has a second. */
  readonly seconds: number;
  readonly perSecond: number;
  /** The core that workerd gets for itself, if any. */
  readonly core: string | undefined;
  readonly dir: string;
  readonly teardown: Teardown;
  readonly signal: AbortSignal;
  say(line: string): void;
};

export type MemoryFound = {
  /** What the isolate held before any of the distinct answers, and after all of them, bytes. */
  readonly beforeBytes: number;
  readonly afterBytes: number;
  /** How those were answered. */
  readonly ways: Readonly<Record<string, number>>;
  /** After each tenth of the soak. */
  readonly heaps: readonly number[];
  /** By how much the median of the last third of them is above that of the first. */
  readonly grownBytes: number;
};

/** What an isolate holds after so many distinct answers, and whether another one grows under a mixed load. */
export async function measureMemory(options: MemoryOptions): Promise<MemoryFound> {
  const { keys, seconds, signal, say } = options;
  const { stack, load, filled, soaked } = await start(options);
  const headers = { "x-api-key": stack.keys.tenant };
  const visit = (path: string, count: number) =>
    load.visit({ asked: { origin: filled.origin, path, headers, renews: true }, count, connections: CONNECTIONS });
  // Compiles what all of them run through; what nobody is weighs next to nothing.
  await visit(`/userinfo-by-username/?username=bench_${NOBODY}_`, WARM_UP);
  say(`asking for ${keys} distinct answers`);
  const beforeBytes = await filled.heap();
  const { ways } = await visit(`/userinfo-by-username/?username=${SHELVED}`, keys);
  const afterBytes = await filled.heap();
  signal.throwIfAborted();
  say(`a mixed load for ${seconds} s`);
  const heaps = await soak({ ...options, ...soaked, load, keys: stack.keys });
  const third = Math.ceil(heaps.length / 3);
  const grownBytes = median(heaps.slice(-third)) - median(heaps.slice(0, third));
  return { beforeBytes, afterBytes, ways, heaps, grownBytes };
}

async function start({ keys, core, dir, teardown, signal, say }: MemoryOptions) {
  say("building the Worker, starting PostgreSQL, Redis and workerd");
  const files = await buildWorkers(dir);
  signal.throwIfAborted();
  const stack = await startStack(dir, teardown);
  await shelve(stack.redis.url, keys);
  signal.throwIfAborted();
  const inspectorPort = await freePort();
  const args = [`--inspector-addr=127.0.0.1:${inspectorPort}`];
  const fleet = { ...files, gateways: GATEWAYS, settings: stack.settings, compatibilityDate: deployedOn() };
  const workerd = await startWorkerd({ dir, fleet, core, args });
  teardown.add(workerd.stop);
  const load = startLoadGenerator();
  teardown.add(load.stop);
  const gateway = (worker: string) => {
    const origin = workerd.origin(worker);
    const nudge = async () => (await fetch(`${origin}/livez`)).arrayBuffer();
    return { origin, heap: () => heapBytes({ inspectorPort, worker, nudge }) };
  };
  return { stack, load, filled: gateway("filled"), soaked: gateway("soaked") };
}
