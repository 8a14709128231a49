import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import { books } from "../support/books.ts";
import { upstreamControl } from "../support/upstream-control.ts";
import type { Ground } from "./ground.ts";
import { canaryFaults } from "./tenants.ts";

type End = () => Promise<void>;
/** Makes the fault begin. What it returns ends it, and leaves no trace of it. */
type Begin = (ground: Ground) => Promise<End>;

/** Of what the gateway stands on. `slow` is slower than a request would like and quicker than it gives up. */
const partFaults = {
  "redis-down": (ground) => breakEndpoint(redisOf(ground), { kind: "down" }),
  "redis-slow": (ground) => breakEndpoint(redisOf(ground), { kind: "delay", delayMs: 300 }),
  "redis-drop-reply": (ground) => breakEndpoint(redisOf(ground), { kind: "drop-reply" }),
  "redis-status": (ground) => breakEndpoint(redisOf(ground), { kind: "status", status: 500 }),
  "counters-lost": loseCounters,
  "postgres-down": (ground) => breakEndpoint(postgresOf(ground), { kind: "down" }),
  "postgres-slow": (ground) => breakEndpoint(postgresOf(ground), { kind: "delay", delayMs: 400 }),
  "postgres-drop-reply": (ground) => breakEndpoint(postgresOf(ground), { kind: "drop-reply" }),
  "postgres-killed": killConnections,
  "queue-refuses": (ground) => ground.orderQueue("refuses"),
  "queue-disorder": (ground) => ground.orderQueue("disorder"),
} as const satisfies Readonly<Record<string, Begin>>;

/** Of the upstream, as it ends a call. */
const upstreamFaults = {
  "upstream-500": (ground) => breakCalls(ground, { kind: "status", status: 500 }),
  "upstream-520": (ground) => breakCalls(ground, { kind: "status", status: 520, charged: true }),
  "upstream-429": (ground) => breakCalls(ground, { kind: "status", status: 429 }),
  "upstream-slow": (ground) => breakCalls(ground, { kind: "delay", delayMs: 150 }),
  "upstream-late": (ground) => breakCalls(ground, { kind: "delay", delayMs: 2_000 }),
  "upstream-hang": (ground) => breakCalls(ground, { kind: "hang", charged: true }),
  "upstream-truncate": (ground) => breakCalls(ground, { kind: "truncate" }),
  "upstream-garbage": (ground) => breakCalls(ground, { kind: "garbage" }),
  "upstream-oversized": (ground) => breakCalls(ground, { kind: "oversized", bytes: 300_000 }),
  "upstream-redirect": (ground) => breakCalls(ground, { kind: "redirect" }),
  // Not charged: the runtime may send the call again by itself, and then it would be charged twice for one event.
  "upstream-reset": (ground) => breakCalls(ground, { kind: "reset" }),
  "upstream-empty-urls": (ground) => breakCalls(ground, { kind: "empty-urls" }),
  "upstream-account": exhaustKey,
} as const satisfies Readonly<Record<string, Begin>>;

export type FaultName = keyof typeof partFaults | keyof typeof upstreamFaults;

export const PART_FAULTS = namesOf(partFaults);
export const UPSTREAM_FAULTS = namesOf(upstreamFaults);

/** Makes a fault begin. What it returns ends it. */
export function begin(ground: Ground, fault: FaultName): Promise<End> {
  return { ...partFaults, ...upstreamFaults }[fault](ground);
}

/** How many calls one fault of the upstream meets at the most. */
const MOST_CALLS = 5;

const TERMINATE_EACH_MS = 60;

type Endpoint = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

function redisOf({ parts, secrets }: Ground): Endpoint {
  return { url: parts.upstash.url, headers: { authorization: `Bearer ${secrets.upstashToken}` } };
}

function postgresOf({ parts }: Ground): Endpoint {
  return { url: parts.neon.url, headers: {} };
}

async function breakEndpoint({ url, headers }: Endpoint, fault: Readonly<Record<string, unknown>>) {
  const tell = async (method: string, body?: string) => {
    const response = await fetch(new URL("/__faults", url), {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    if (!response.ok) throw new Error(`the fault is not understood: ${await response.text()}`);
  };
  await tell("POST", JSON.stringify({ times: null, ...fault }));
  return () => tell("DELETE");
}

/** As a Redis that evicts would: what tenants have spent is gone, and missing is not zero. */
async function loseCounters({ redisUrl }: Ground): Promise<End> {
  const redis = new Redis(redisUrl);
  try {
    const counters = await redis.keys("tkl:tenant:*");
    if (counters.length > 0) await redis.del(...counters);
  } finally {
    redis.disconnect();
  }
  return async () => undefined;
}

/** Ends every connection of the run's database, again and again: some of them in the middle of a statement. */
async function killConnections({ database }: Ground) {
  const { query } = books(database.url);
  const over = new AbortController();
  const killing = (async () => {
    while (!over.signal.aborted) {
      await query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND usename LIKE 'app\\_%' AND pid <> pg_backend_pid()`,
        [],
      );
      await wait(TERMINATE_EACH_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    over.abort();
    await killing;
  };
}

/** The platform's first key has no credits for a while. */
async function exhaustKey({ upstream, platformKeys }: Ground) {
  const { setKey } = upstreamControl(upstream.url);
  await setKey({ key: platformKeys[0], state: "exhausted" });
  return () => setKey({ key: platformKeys[0], state: "active" });
}

/** What no call has met by the end is taken back; the canaries are set anew, since all faults go at once. */
async function breakCalls({ upstream, players }: Ground, fault: Readonly<Record<string, unknown>>) {
  const control = upstreamControl(upstream.url);
  await control.fault({ ...fault, times: MOST_CALLS });
  return async () => {
    await control.clearFaults();
    for (const canary of canaryFaults(players)) await control.fault(canary);
  };
}

function namesOf<Name extends string>(of: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(of) as Name[];
}
