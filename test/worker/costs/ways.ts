import { setTimeout as pause } from "node:timers/promises";
import type { CostClass } from "../../../bench/costs.ts";
import { books } from "../../support/books.ts";
import { madeUpKey, storeSharedTenant } from "../../support/cast.ts";
import { eventually } from "../../support/eventually.ts";
import { upstreamControl } from "../../support/upstream-control.ts";
import type { Counted, CountingWorker } from "./count-costs.ts";
import { holdTokens, PAUSE_MS, warmly, type Ground } from "./ground.ts";

export type Way = {
  readonly name: CostClass;
  /** A request is counted that finds a token held, so that none is asked for, unless this says that it asks for its own or needs none. */
  readonly token?: "asked for" | "not needed";
  /** `number` is another one each time. */
  go(ground: Ground, number: number): Promise<Counted>;
};

export const POSTS = "/user-posts/?userid=";
const PROFILE = "/userinfo-by-username/?username=creator";
/** By the settings of these Workers. */
const PAST_ITS_TIME = "/music-info/?music_id=";
const NOT_FOUND = "/userid/?username=missing";

/** How each class of request comes about. */
export const WAYS: readonly Way[] = [
  { name: "memory hit", go: (ground) => warmly(ground.near, ground, `${POSTS}1`) },
  { name: "memory hit, no token held", token: "asked for", go: withoutTokens },
  { name: "memory hit that reads the log", go: (ground) => warmly(ground.wary, ground, `${POSTS}1`) },
  { name: "memory hit after a pause", go: (ground) => afterPause(ground, ground.pausing, `${POSTS}1`) },
  { name: "memory hit after a pause, the key read anew", go: keyReadAnew },
  { name: "memory hit that sends counts", go: (ground) => warmly(ground.telling, ground, `${POSTS}1`) },
  { name: "not modified", go: notModified },
  { name: "negative hit", go: (ground) => warmly(ground.near, ground, NOT_FOUND) },
  { name: "colo hit", go: (ground) => warmly(ground.far, ground, `${POSTS}2`) },
  { name: "Redis hit", go: (ground, number) => redisHit(ground, ground.far, `3${number}`) },
  { name: "Redis hit that reads the log", go: (ground, number) => redisHit(ground, ground.waryAndFar, `7${number}`) },
  { name: "Redis hit after a pause", go: redisHitAfterPause },
  { name: "stale hit", go: (ground, number) => staleHit(ground, `1${number}`) },
  { name: "joined", go: joined },
  { name: "miss", go: (ground, number) => cold(ground, `${POSTS}5${number}`) },
  { name: "miss that answers other calls", go: (ground, number) => cold(ground, `${PROFILE}${number}`) },
  { name: "bad checksum", token: "not needed", go: ({ near }) => askWith(near, "tke_live_nobodys") },
  { name: "unknown key", token: "not needed", go: ({ near }) => askWith(near, madeUpKey()) },
  { name: "unknown key again", token: "not needed", go: unknownAgain },
  { name: "rate-limited", token: "asked for", go: rateLimited },
  { name: "quota spent", go: quotaSpent },
];

/** A bucket of which nobody takes tokens in advance, because it is small. */
async function withoutTokens({ stack, near }: Ground): Promise<Counted> {
  const key = await keyOfPlan({ stack }, { plan: "free", capacity: 9 });
  const ask = () => near.get(`${POSTS}1`, { key });
  await near.count(ask);
  return near.count(ask);
}

async function notModified(ground: Ground): Promise<Counted> {
  const { headers } = await warmly(ground.near, ground, `${POSTS}1`);
  return warmly(ground.near, ground, `${POSTS}1`, { "if-none-match": headers.get("etag") ?? "" });
}

/** Another colo has fetched it. */
async function redisHit(ground: Ground, far: CountingWorker, user: string): Promise<Counted> {
  const ask = (worker: CountingWorker) => worker.get(`${POSTS}${user}`, { key: ground.key });
  await ground.near.count(() => ask(ground.near));
  await holdTokens(far, ground.key);
  return far.count(() => ask(far));
}

async function redisHitAfterPause(ground: Ground, number: number): Promise<Counted> {
  const path = `${POSTS}8${number}`;
  await ground.near.count(() => ground.near.get(path, { key: ground.key }));
  return afterPause(ground, ground.pausingAndFar, path);
}

/** While nobody asks, every isolate's record of the key ages; then another isolate is asked first, and leaves a young one in Redis. */
async function afterPause(ground: Ground, worker: CountingWorker, path: string): Promise<Counted> {
  const { pausing, pausingAndFar, key } = ground;
  const other = worker === pausing ? pausingAndFar : pausing;
  await warmly(worker, ground, `${POSTS}1`);
  await pause(PAUSE_MS);
  await other.count(() => other.get(`${POSTS}1`, { key }));
  return worker.count(() => worker.get(path, { key }));
}

async function keyReadAnew(ground: Ground): Promise<Counted> {
  const { pausing, key } = ground;
  await warmly(pausing, ground, `${POSTS}1`);
  await pause(PAUSE_MS);
  return pausing.count(() => pausing.get(`${POSTS}1`, { key }));
}

/** Who finds it the first time asks for its refresh. */
export async function staleHit(ground: Ground, number: string): Promise<Counted> {
  const ask = () => ground.near.get(`${PAST_ITS_TIME}${number}`, { key: ground.key });
  await ground.near.count(ask);
  await holdTokens(ground.near, ground.key);
  return ground.near.count(ask);
}

/** Another colo is fetching it. */
async function joined(ground: Ground, number: number): Promise<Counted> {
  const { stack, near, far } = ground;
  const upstream = upstreamControl(stack.upstream.url);
  const calls = await upstream.calls();
  const ask = (worker: CountingWorker) => worker.get(`${POSTS}4${number}`, { key: ground.key });
  await holdTokens(near, ground.key);
  await upstream.fault({ kind: "delay", delayMs: 500, times: 1 });
  const leading = far.count(() => ask(far));
  await eventually(async () => {
    if ((await upstream.calls()) === calls) throw new Error("The upstream was not asked yet.");
  });
  const counted = await near.count(() => ask(near));
  await leading;
  return counted;
}

async function cold(ground: Ground, path: string): Promise<Counted> {
  const ask = (number: number) => ground.near.get(`${path}${number}`, { key: ground.key });
  // Redis is told of each script when it is first asked to run it.
  await ground.near.count(() => ask(1));
  await holdTokens(ground.near, ground.key);
  return ground.near.count(() => ask(2));
}

function askWith(worker: CountingWorker, key: string): Promise<Counted> {
  return worker.count(() => worker.get(`${POSTS}1`, { key }));
}

async function unknownAgain({ near }: Ground): Promise<Counted> {
  const key = madeUpKey();
  await askWith(near, key);
  return askWith(near, key);
}

async function rateLimited({ stack, near }: Ground): Promise<Counted> {
  const key = await keyOfPlan({ stack }, { plan: "free", capacity: 1 });
  for (;;) {
    await Promise.all(Array.from({ length: 4 }, () => near.get(`${POSTS}1`, { key })));
    const counted = await askWith(near, key);
    if (counted.status === 429) return counted;
  }
}

async function quotaSpent({ stack, near }: Ground): Promise<Counted> {
  const { id, apiKey: key } = await storeSharedTenant(stack, "pro");
  await books(stack.database.url).query("UPDATE app.tenants SET monthly_quota = 0 WHERE id = $1", [id]);
  const ask = () => near.get(`${POSTS}6`, { key });
  // The tenant's counters are made when they are first asked for.
  await near.count(ask);
  await holdTokens(near, key);
  return near.count(ask);
}

async function keyOfPlan({ stack }: Pick<Ground, "stack">, plan: { plan: string; capacity: number }): Promise<string> {
  const { query } = books(stack.database.url);
  await query("UPDATE app.plans SET burst_capacity = $2, burst_refill_per_second = 1 WHERE name = $1", [
    plan.plan,
    plan.capacity,
  ]);
  return (await storeSharedTenant(stack, plan.plan)).apiKey;
}
