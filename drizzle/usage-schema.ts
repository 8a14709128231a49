import { sql } from "drizzle-orm";
import { bigint, check, date, index, integer, json, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import type { Outcome } from "../src/core/charge.ts";
import { app, instant } from "./columns.ts";

/** Counts that are summed for years: an `int` ends at two thousand million. */
const count = (name: string) => bigint(name, { mode: "number" }).notNull();

/** Hits by where the answer was from. What was counted before they were told apart is in `hits` alone. */
const hitsByTier = () => ({
  hitsMemory: count("hits_memory").default(0),
  hitsColo: count("hits_colo").default(0),
  hitsRedis: count("hits_redis").default(0),
  hitsJoined: count("hits_joined").default(0),
  hitsStale: count("hits_stale").default(0),
});

/** What is counted by day. */
const counts = () => ({
  calls: count("calls").default(0),
  creditsCharged: count("credits_charged").default(0),
  creditsInDoubt: count("credits_in_doubt").default(0),
  hits: count("hits").default(0),
  creditsSaved: count("credits_saved").default(0),
  /** Of those charged: the tenant has paid the upstream for them itself, whoever's keys it is on by now. */
  creditsOnOwnKey: count("credits_on_own_key").default(0),
  ...hitsByTier(),
});

/**
 * One row per dispatch, in monthly partitions by `occurred_at`. A primary key of a partitioned table must hold the partition's column, and
 * would let one event id in twice under two times: the CHECK ties the time to the id, so an id is unique over all partitions.
 * No reference to tenants: usage outlives them.
 */
export const usageEvents = app.table(
  "usage_events",
  {
    tenantId: uuid("tenant_id").notNull(),
    eventId: uuid("event_id").notNull(),
    occurredAt: instant("occurred_at").notNull(),
    endpoint: text().notNull(),
    status: integer().notNull(),
    outcome: text().$type<Outcome>().notNull(),
    creditsCharged: integer("credits_charged").notNull(),
    creditsInDoubt: integer("credits_in_doubt").notNull(),
    requestId: text("request_id").notNull(),
    upstreamKeyId: text("upstream_key_id").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.eventId, t.occurredAt] }),
    index().on(t.tenantId, t.occurredAt),
    // Small, and enough to find what has outlived its time: rows come in the order of time.
    index("usage_events_by_time").using("brin", t.occurredAt),
    index("usage_events_of_platform_keys")
      .on(t.upstreamKeyId, t.occurredAt)
      .where(sql`${t.upstreamKeyId} LIKE 'platform-%'`),
    // IS NOT DISTINCT FROM, for the function gives null to an id without a time, and a CHECK lets null pass.
    check("usage_events_time_of_id", sql`${t.occurredAt} IS NOT DISTINCT FROM app.uuid7_time(${t.eventId})`),
    check("usage_events_credits_check", sql`${t.creditsCharged} >= 0 AND ${t.creditsInDoubt} >= 0`),
  ],
);

/** What invoices are made from: equals the group-by of usage_events and usage_hits over UTC days. */
export const usageDailyRollup = app.table(
  "usage_daily_rollup",
  {
    tenantId: uuid("tenant_id").notNull(),
    day: date().notNull(),
    endpoint: text().notNull(),
    ...counts(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.day, t.endpoint] })],
);

/** Hit batches as they came, so that a batch delivered twice is counted once. */
export const usageHits = app.table(
  "usage_hits",
  {
    tenantId: uuid("tenant_id").notNull(),
    batchId: uuid("batch_id").notNull(),
    endpoint: text().notNull(),
    flushedAt: instant("flushed_at").notNull(),
    hits: count("hits"),
    creditsSaved: count("credits_saved"),
    ...hitsByTier(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.batchId, t.endpoint] }),
    index("usage_hits_by_time").using("brin", t.flushedAt),
    check("usage_hits_counts_check", sql`${t.hits} >= 0 AND ${t.creditsSaved} >= 0`),
    check(
      "usage_hits_tiers_check",
      sql`least(${t.hitsMemory}, ${t.hitsColo}, ${t.hitsRedis}, ${t.hitsJoined}, ${t.hitsStale}) >= 0
        AND ${t.hitsMemory} + ${t.hitsColo} + ${t.hitsRedis} + ${t.hitsJoined} + ${t.hitsStale} <= ${t.hits}`,
    ),
  ],
);

/**
 * What requests of each gateway key came to, beside the books: counted at most once, and without what no key asked for. No reference to keys:
 * what was counted outlives them.
 */
export const keyUsageDaily = app.table(
  "key_usage_daily",
  {
    tenantId: uuid("tenant_id").notNull(),
    day: date().notNull(),
    keyId: text("key_id").notNull(),
    ...counts(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.day, t.keyId] }),
    // For what has outlived its time, once a day.
    index("key_usage_daily_by_day").using("brin", t.day),
  ],
);

/** Requests by where their answer was from and by how long they took: `core/latency.ts` has the buckets. */
export const latencyDaily = app.table(
  "latency_daily",
  {
    tenantId: uuid("tenant_id").notNull(),
    day: date().notNull(),
    tier: text().notNull(),
    bucket: integer().notNull(),
    requests: count("requests"),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.day, t.tier, t.bucket] }),
    index("latency_daily_by_day").using("brin", t.day),
    check("latency_daily_counts_check", sql`${t.bucket} >= 0 AND ${t.requests} >= 0`),
  ],
);

/** A TikTok user's counts at a moment, one row for every paid userinfo. */
export const tiktokUserSnapshots = app.table(
  "tiktok_user_snapshots",
  {
    tenantId: uuid("tenant_id").notNull(),
    secUid: text("sec_uid").notNull(),
    uniqueId: text("unique_id").notNull(),
    followerCount: bigint("follower_count", { mode: "number" }),
    followingCount: bigint("following_count", { mode: "number" }),
    heartCount: bigint("heart_count", { mode: "number" }),
    videoCount: bigint("video_count", { mode: "number" }),
    capturedAt: instant("captured_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.secUid, t.capturedAt] })],
);

/** Messages that can never be recorded. `json`, not `jsonb`, which refuses some texts: what is buried here is malformed by trade. */
export const deadMessages = app.table(
  "dead_messages",
  {
    /** The queue's, by which a message that is delivered again is buried once. */
    id: text().primaryKey(),
    /** Ours, in the order of burial: what lists go by. */
    entryId: uuid("entry_id")
      .notNull()
      .default(sql`uuidv7()`)
      .unique(),
    queue: text().notNull(),
    reason: text().notNull(),
    body: json().notNull(),
    buriedAt: instant("buried_at").notNull().defaultNow(),
    /** The last time. */
    replayedAt: instant("replayed_at"),
    replays: integer().notNull().default(0),
    droppedAt: instant("dropped_at"),
  },
  (t) => [check("dead_messages_replays_check", sql`(${t.replays} > 0) = (${t.replayedAt} IS NOT NULL)`)],
);
