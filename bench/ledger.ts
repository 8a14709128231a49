import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startRedis } from "../dev/redis.ts";
import { runUntilStopped } from "../dev/teardown.ts";
import { startUpstash } from "../dev/upstash.ts";
import { connectRedis } from "../src/adapters/upstash-redis.ts";
import type { Ledger } from "../src/core/ledger.ts";
import { DirectRedis } from "./direct-redis.ts";
import { ingestPerSecond } from "./ingest.ts";
import { candidates, fillRings, ledgerOn, order, pay } from "./ledger-load.ts";
import { median } from "./spread.ts";

const ROUNDS = 5;
const CONCURRENCY = 32;
const PAIRS = 2_000;
const CALLS = 100;
const TOKEN = "bench";

type Cost = { readonly name: string; readonly keys: number; readonly dispatches: number };

const COSTS: readonly Cost[] = [
  { name: "a reservation, 1 key, nothing dispatched yet", keys: 1, dispatches: 0 },
  { name: "a reservation, 3 keys, nothing dispatched yet", keys: 3, dispatches: 0 },
  { name: "a reservation, 1 key, 199 dispatches by 199 tenants", keys: 1, dispatches: 199 },
  { name: "a reservation, 3 keys, 199 dispatches by 199 tenants", keys: 3, dispatches: 199 },
  { name: "a refusal, 1 key, 200 dispatches by 200 tenants", keys: 1, dispatches: 200 },
];

/** `npm run bench:ledger`: what reserving, settling and recording cost by themselves. Redis and the endpoint run beside the load. */
await runUntilStopped(async (teardown) => {
  const dir = await mkdtemp(join(tmpdir(), "tikedge-bench-"));
  teardown.add(() => rm(dir, { recursive: true, force: true }));
  const running = await startRedis({ dir: join(dir, "redis") });
  teardown.add(running.stop);
  const server = new Redis(running.url);
  teardown.add(async () => server.disconnect());
  const endpoint = await startUpstash({ redisUrl: running.url, token: TOKEN });
  teardown.add(endpoint.stop);
  const direct = await ledgerOn(new DirectRedis(server));
  const overHttp = await ledgerOn(connectRedis({ url: endpoint.url, token: TOKEN, commandMs: 10_000 }));

  console.log(`${availableParallelism()} cores, Node ${process.version}, Redis: ${running.kind}; medians of ${ROUNDS}`);
  for (const [name, ledger] of [
    ["straight to Redis", direct],
    ["over the local HTTP endpoint", overHttp],
  ] as const)
    console.log(`reserve + settle, ${name}: ${await rounds(() => pairsPerSecond(ledger))} pairs/s`);
  for (const row of COSTS) console.log(`${row.name}: ${await rounds(() => scriptMicros(server, direct, row))} us`);
  const ingest = await ingestPerSecond(join(dir, "postgres"), teardown);
  console.log(`events recorded in Postgres, batches of 100: ${await rounds(ingest)} events/s`);
});

async function rounds(measure: () => Promise<number>): Promise<string> {
  const figures: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) figures.push(await measure());
  const [middle, least, most] = [median(figures), Math.min(...figures), Math.max(...figures)];
  return `${middle.toFixed(0)} (${least.toFixed(0)}–${most.toFixed(0)})`;
}

/** Spread over keys enough that none of them is full, each time over others. */
async function pairsPerSecond(ledger: Ledger): Promise<number> {
  const keys = candidates(PAIRS / 100, Math.floor(performance.now()));
  let left = PAIRS;
  const startedMs = performance.now();
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const key = keys[left % keys.length];
      if (key !== undefined) await pay(ledger, order([key]));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return (PAIRS * 1_000) / (performance.now() - startedMs);
}

/** What Redis says that one run of the reservation script takes. The rings are the same before each. */
async function scriptMicros(server: Redis, ledger: Ledger, { keys, dispatches }: Cost): Promise<number> {
  const asked = candidates(keys, 1_000_000);
  await ledger.reserve(order(asked));
  await server.config("RESETSTAT");
  for (let call = 0; call < CALLS; call += 1) {
    await fillRings(server, asked, dispatches);
    await ledger.reserve(order(asked));
  }
  const micros = /^cmdstat_evalsha:.*usec_per_call=([\d.]+)/m.exec(await server.info("commandstats"))?.[1];
  return Number(micros);
}
