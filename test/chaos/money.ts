import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { books } from "../support/books.ts";
import { readCounter } from "../support/counters.ts";
import { upstreamControl, type SeenCall } from "../support/upstream-control.ts";
import type { Ground } from "./ground.ts";

/** Whatever is still on its way, by name. Empty when everything is in the books. */
export async function leftovers({ redisUrl, database, players }: Ground): Promise<string[]> {
  const redis = new Redis(redisUrl);
  const { rollup, recount, dead } = books(database.url);
  try {
    const names = ["tkl:open", "tkl:outbox", "tkl:outbox-since", "tkl:unreadable"];
    const sizes = await Promise.all(
      names.map(async (name) => ((await redis.exists(name)) === 0 ? [] : [`I2: ${name}`])),
    );
    const buried = (await dead()).map(({ reason }) => `I2: a dead message: ${reason}`);
    const apart = players.map(async ({ id, name }) => {
      const [kept, counted] = await Promise.all([rollup(id), recount(id)]);
      return JSON.stringify(kept) === JSON.stringify(counted) ? [] : [`I2: the rollup of ${name} is not the group-by`];
    });
    return [...sizes.flat(), ...buried, ...(await Promise.all(apart)).flat()];
  } finally {
    redis.disconnect();
  }
}

type Booked = {
  readonly event_id: string;
  readonly tenant_id: string;
  readonly outcome: string;
  readonly upstream_key_id: string;
  readonly credits_charged: number;
  readonly credits_in_doubt: number;
  readonly reserved_at_ms: number;
  readonly day: string;
  readonly month: string;
};

/** What a run did, as far as it excuses anything. */
export type Circumstances = {
  /** A Worker may have been kept from settling what it reserved: only then may a reservation be abandoned. */
  readonly severed: boolean;
  /** Counters that were made anew from the books may say a little more. */
  readonly countersLost: boolean;
};

/** I1, I2, I3 and I5, when everything has drained. */
export async function moneyViolations(ground: Ground, { severed, countersLost }: Circumstances): Promise<string[]> {
  const events = await books(ground.database.url).query<Booked>(
    `SELECT event_id, tenant_id, outcome, upstream_key_id, credits_charged, credits_in_doubt,
            (extract(epoch FROM occurred_at) * 1000)::float8 AS reserved_at_ms,
            to_char(occurred_at AT TIME ZONE 'UTC', 'YYYYMMDD') AS day, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYYMM') AS month
     FROM app.usage_events`,
    [],
  );
  const control = upstreamControl(ground.upstream.url);
  const [{ keys }, calls] = [await control.meter(), await control.seen()];
  const byKey = payers(ground).flatMap(({ key, id, name }) => {
    const booked = events.filter((event) => event.upstream_key_id === id);
    const counted = keys[key]?.charged ?? 0;
    const ofKey = calls.filter((call) => call.key === key);
    return [countViolations(name, counted, booked), orderViolations(name, ofKey, booked)].flat();
  });
  const abandoned = events.filter(({ outcome }) => outcome === "abandoned").length;
  return [
    ...byKey,
    ...repeated(events),
    ...quotaViolations(ground, events),
    ...(countersLost ? [] : await counterViolations(ground, events)),
    ...(abandoned > 0 && !severed
      ? [`I1: ${abandoned} reservations were abandoned, and nobody was kept from settling`]
      : []),
  ];
}

/** The platform's keys and each tenant's own, with the name under which the ledger has them. */
function payers({ platformKeys, players }: Ground) {
  const platform = platformKeys.map((key, at) => {
    const id = `platform-${createHash("sha256").update(key).digest("hex").slice(0, 8)}`;
    return { key, id, name: `platform key ${at}` };
  });
  return [
    ...platform,
    ...players.flatMap(({ name, own }) => (own === null ? [] : [{ ...own, name: `${name}'s key` }])),
  ];
}

/** I1. Without anything in doubt the two bounds are one. */
function countViolations(name: string, counted: number, booked: readonly Booked[]): string[] {
  const charged = sumOf(booked, (event) => event.credits_charged);
  const most = charged + sumOf(booked, (event) => event.credits_in_doubt);
  return counted >= charged && counted <= most
    ? []
    : [`I1: the upstream took ${counted} on ${name}, the books say ${charged} to ${most}`];
}

/**
 * I5: at the time of each call at least as many reservations had been made as calls. A call whose connection was reset does not count:
 * the runtime sends such a call again by itself, and tells nobody.
 */
function orderViolations(name: string, calls: readonly SeenCall[], booked: readonly Booked[]): string[] {
  const called = calls.filter(({ fault }) => fault !== "reset").map((call) => call.receivedAtMs);
  const reserved = booked.map((event) => event.reserved_at_ms);
  const [atMs, reservedAtMs] = [called.toSorted(ascending), reserved.toSorted(ascending)];
  const early = atMs.filter((ms, index) => (reservedAtMs[index] ?? Infinity) > ms);
  return early.length === 0 ? [] : [`I5: ${early.length} of ${atMs.length} calls on ${name} had no reservation before`];
}

function repeated(events: readonly Booked[]): string[] {
  const ids = new Set(events.map(({ event_id: id }) => id));
  return ids.size === events.length ? [] : [`I2: ${events.length - ids.size} events are in the books twice`];
}

/** I3: what may have been spent counts too. */
function quotaViolations({ players }: Ground, events: readonly Booked[]): string[] {
  return players.flatMap(({ id, name, quotas }) => {
    const own = events.filter((event) => event.tenant_id === id);
    return [
      ...windowViolations(own, { name, quota: quotas.daily, window: "day" }),
      ...windowViolations(own, { name, quota: quotas.monthly, window: "month" }),
    ];
  });
}

/** I3: what the ledger goes by is what the books say, to the credit. Of a tenant that spent nothing lately there may be none. */
async function counterViolations({ redisUrl, players }: Ground, events: readonly Booked[]): Promise<string[]> {
  const redis = new Redis(redisUrl);
  try {
    const compared = players.map(async ({ id, name }) => {
      const counter = await readCounter(redis, id);
      const own = events.filter((event) => event.tenant_id === id && event.month === counter?.month);
      const booked = sumOf(own, (event) => event.credits_charged + event.credits_in_doubt);
      return counter === undefined || counter.monthly === booked
        ? []
        : [`I3: the counter of ${name} says ${counter.monthly}, the books ${booked}`];
    });
    return (await Promise.all(compared)).flat();
  } finally {
    redis.disconnect();
  }
}

type Window = { readonly name: string; readonly quota: number | null; readonly window: "day" | "month" };

function windowViolations(events: readonly Booked[], { name, quota, window }: Window): string[] {
  if (quota === null) return [];
  const windows = Map.groupBy(events, (event) => event[window]);
  return [...windows].flatMap(([when, of]) => {
    const spent = sumOf(of, (event) => event.credits_charged + event.credits_in_doubt);
    return spent <= quota ? [] : [`I3: ${name} spent ${spent} of ${quota} in ${when}`];
  });
}

function sumOf<T>(list: readonly T[], figure: (of: T) => number): number {
  return list.reduce((sum, each) => sum + figure(each), 0);
}

function ascending(one: number, other: number): number {
  return one - other;
}
