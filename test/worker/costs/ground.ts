import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { books } from "../../support/books.ts";
import { storeSharedTenant } from "../../support/cast.ts";
import { startStack, type Settings, type Stack } from "../../support/gateway.ts";
import { buildWorker } from "../../support/real-servers.ts";
import { startCounting, type Counted, type CountingWorker } from "./count-costs.ts";

const HOUR = "3600000";

/** What goes by the clock and not by the request is out of the way, and counted where it is asked for. */
const SETTINGS = {
  CONFIRM_AFTER_MS: HOUR,
  CONFIRM_MS: HOUR,
  KEY_FRESH_MS: HOUR,
  KEY_RETIRE_MS: "7200000",
  LEASE_MS: "120000",
  LEASE_RENEW_MS: "60000",
  HITS_FLUSH_MS: HOUR,
  // What is refreshed was stored minutes ago.
  STORED_NOTE_MS: "1",
  HITS_FLUSH_COUNT: "1000",
  // At once, for a request that is alone shares its message with none.
  EVENTS_FLUSH_COUNT: "1",
  // The sweep finds nothing of what is counted here.
  ABANDONED_MS: HOUR,
  UNRECORDED_MS: HOUR,
  // Who joins looks again when the other's fetch is long over.
  JOIN_MS: "1000",
  JOIN_MOST_MS: "1000",
  // Past its time at once.
  WINDOWS: JSON.stringify({ "music-info": { freshMs: 1, staleMs: 86_400_000 } }),
};

/** Remembers no answer, as an isolate that has just begun. */
const FORGETFUL = { MEMORY_BYTES: "1" };

/** Reads the log of changes for each request. */
const WARY = { CONFIRM_AFTER_MS: "0", CONFIRM_MS: "0" };

/** After each request a pause may follow in which the log vouches for nothing any more. */
const PAUSING = { ...WARY, KEY_FRESH_MS: "2000", KEY_RETIRE_MS: "4000" };
/** Past that time, and less than twice. */
export const PAUSE_MS = 2_100;

/** So many hits go into one message. */
export const HITS = 50;
const COUNTER = { HITS_FLUSH_COUNT: String(HITS) };

/** Sends what it has counted after each request. */
const TELLING = { HITS_FLUSH_MS: "1", HOT_FLUSH_MS: "1", WARM_BUDGET: "1" };

/** The upstream's answers say what they say at this time, so that their sizes are the same in every run. */
const NOW_MS = Date.UTC(2026, 10, 22);

const ENTRY = "test/worker/costs/counting-worker.ts";

/** Workers that differ in their settings, each with a cache of its own. */
export type Ground = {
  readonly stack: Stack;
  /** Whose requests are counted: on the platform's keys, with room in its bucket for all of them. */
  readonly tenantId: string;
  readonly key: string;
  readonly near: CountingWorker;
  readonly far: CountingWorker;
  readonly wary: CountingWorker;
  readonly telling: CountingWorker;
  readonly counter: CountingWorker;
  readonly waryAndFar: CountingWorker;
  readonly pausing: CountingWorker;
  readonly pausingAndFar: CountingWorker;
};

/** Everything that costs are counted on, with what isolates do once behind them. */
export async function startGround(): Promise<Ground & { close(): Promise<void> }> {
  const outdir = await mkdtemp(join(tmpdir(), "tikedge-costs-"));
  const [stack] = await Promise.all([startStack({ nowMs: NOW_MS }), buildWorker({ outdir, entry: ENTRY })]);
  await books(stack.database.url).query("UPDATE app.plans SET burst_capacity = 10000 WHERE name = 'pro'", []);
  const { id: tenantId, apiKey: key } = await storeSharedTenant(stack, "pro");
  const start = (changes: Settings) =>
    startCounting(stack, join(outdir, "counting-worker.js"), { ...SETTINGS, ...changes });
  const telling = { ...TELLING, PUBLIC_TENANT: tenantId };
  const waryAndFar = { ...WARY, ...FORGETFUL };
  const all = [{}, FORGETFUL, WARY, telling, COUNTER, waryAndFar, PAUSING, { ...PAUSING, ...FORGETFUL }];
  const workers = await Promise.all(all.map(start));
  await Promise.all(workers.map((worker, at) => begin(worker, key, at)));
  return {
    stack,
    tenantId,
    key,
    ...named(workers),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
      await stack.close();
      await rm(outdir, { recursive: true });
    },
  };
}

function named(workers: readonly CountingWorker[]): Omit<Ground, "stack" | "tenantId" | "key"> {
  const [near, far, wary, telling, counter, waryAndFar, pausing, pausingAndFar] = workers;
  if (!near || !far || !wary || !telling || !counter || !waryAndFar || !pausing || !pausingAndFar)
    throw new Error("not every Worker was started");
  return { near, far, wary, telling, counter, waryAndFar, pausing, pausingAndFar };
}

/** After its first hit a timer runs that sends the counts of hits, and no later request starts one. */
async function begin(worker: CountingWorker, key: string, number: number): Promise<void> {
  const ask = () => worker.get(`/user-posts/?userid=9${number}`, { key });
  await worker.count(ask);
  await (await ask()).arrayBuffer();
  await worker.beginAnew();
}

/** A request for what is at hand, after everything that an isolate does once. */
export async function warmly(worker: CountingWorker, ground: Ground, path: string, headers = {}): Promise<Counted> {
  const ask = () => worker.get(path, { key: ground.key, headers });
  for (let before = 0; before < 2; before += 1) await worker.count(ask);
  await holdTokens(worker, ground.key);
  return worker.count(ask);
}

/** Lets the isolate take tokens in advance, as it does for whoever asks often. */
export async function holdTokens(worker: CountingWorker, key: string): Promise<void> {
  const ask = () => worker.get("/user-posts/?userid=1", { key });
  await Promise.all(Array.from({ length: 24 }, ask));
}
