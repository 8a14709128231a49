import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { PLATFORM } from "../core/act.ts";
import type { ReadingView } from "../core/statement-resources.ts";
import type { KeyReadings, NewReading, Spending } from "../core/statement-ports.ts";
import { neonActs } from "./neon-acts.ts";
import { asOperator, query, withTenant } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";
import { iso, pageOf, pageQuery } from "./neon-rows.ts";

export type KeyReadingsSettings = {
  /** As `app_ops`, who sees what the platform's keys spent. */
  readonly ops: Database;
  /** As `app_rw`, who writes events. */
  readonly rw: Database;
};

/** Readings in Postgres, each beside what the books say of the time since the one before. */
export function neonKeyReadings({ ops, rw }: KeyReadingsSettings): KeyReadings {
  const [operate, actForPlatform] = [neonActs(ops, asOperator), neonActs(rw, withTenant)];
  return {
    add: (act, reading) =>
      operate(act, {
        tenantId: PLATFORM,
        change: insertReading(reading),
        refusal: { exists: readingFrom(reading), because: NOT_NEWER },
        taken: { constraint: "key_readings_one_at_a_time", because: NOT_NEWER },
      }),
    async list(upstreamKeyId, page) {
      const of = sql`(SELECT * FROM app.key_readings WHERE upstream_key_id = ${upstreamKeyId}) AS r`;
      const listing = { columns: VIEW, from: sql`${of} ${BESIDE_BOOKS}`, id: "r.id", order: "DESC" } as const;
      const [listed] = await asOperator(ops, null, [pageQuery(listing, page)]);
      return pageOf(listed, page, ({ id }) => id);
    },
    async spending(upstreamKeyId, nowMs) {
      const [{ rows }] = await asOperator(ops, null, [query<Spending>(selectSpending(upstreamKeyId, nowMs))]);
      return rows[0];
    },
    noteLow(act) {
      const told = sql`SELECT FROM app.webhook_events WHERE tenant_id = ${PLATFORM} AND id = ${act.event?.id ?? null}`;
      return actForPlatform(act, {
        tenantId: PLATFORM,
        change: sql`WITH act AS (SELECT true AS noted WHERE NOT EXISTS (${told}))`,
        refusal: { exists: told, because: TOLD },
        // Of two at once, for nothing keeps them apart, PostgreSQL lets one in.
        taken: { constraint: "webhook_events_tenant_id_id_pk", because: TOLD },
      });
    },
  };
}

const TOLD = "The operator was told of this already.";
const NOT_NEWER = "There is a reading of this time or a later one.";

/** As the index has it: PostgreSQL uses a partial index only where the statement says its condition. */
const IS_PLATFORM = sql`upstream_key_id LIKE 'platform-%'`;

/** Of a reading `r`: the one before it, and what was spent between the two. In flight at either counts by when it was reserved. */
const BESIDE_BOOKS = sql`
  LEFT JOIN LATERAL (
    SELECT balance, read_at FROM app.key_readings WHERE upstream_key_id = r.upstream_key_id AND read_at < r.read_at
    ORDER BY read_at DESC LIMIT 1) AS previous ON true
  LEFT JOIN LATERAL (
    SELECT coalesce(sum(credits_charged), 0) AS charged, coalesce(sum(credits_in_doubt), 0) AS in_doubt FROM app.usage_events
    WHERE upstream_key_id = r.upstream_key_id AND ${IS_PLATFORM} AND occurred_at > previous.read_at AND occurred_at <= r.read_at
  ) AS books ON previous.read_at IS NOT NULL`;

const SPENT = sql`(previous.balance + r.bought - r.balance)`;

const VIEW = sql<ReadingView>`r.id, r.upstream_key_id, r.balance, r.bought, ${iso("r.read_at")} AS read_at,
  ${iso("previous.read_at")} AS since, ${SPENT} AS spent_by_reading, books.charged AS credits_charged,
  books.in_doubt AS credits_in_doubt, ${SPENT} - books.charged AS difference,
  ${SPENT} BETWEEN books.charged AND books.charged + books.in_doubt AS explained`;

function readingFrom({ upstream_key_id, read_at }: NewReading): SQL {
  return sql`SELECT FROM app.key_readings WHERE upstream_key_id = ${upstream_key_id} AND read_at >= ${read_at}::timestamptz`;
}

function insertReading(reading: NewReading): SQL {
  const { id, upstream_key_id, balance, bought, read_at } = reading;
  return sql`WITH added AS (
      INSERT INTO app.key_readings (id, upstream_key_id, balance, bought, read_at)
      SELECT ${id}::uuid, ${upstream_key_id}, ${balance}::bigint, ${bought}::bigint, ${read_at}::timestamptz
      WHERE NOT EXISTS (${readingFrom(reading)})
      RETURNING *
    ), act AS (SELECT ${VIEW} FROM added AS r ${BESIDE_BOOKS})`;
}

/** As floats, for the driver reads a bigint as text. */
function selectSpending(upstreamKeyId: string, nowMs: number): SQL {
  const now = sql`to_timestamp(${nowMs / 1_000})`;
  const spent = (column: string, since: SQL) =>
    sql`(SELECT coalesce(sum(${sql.raw(column)}), 0)::float8 FROM app.usage_events
         WHERE upstream_key_id = ${upstreamKeyId} AND ${IS_PLATFORM} AND occurred_at > ${since})`;
  return sql`
    SELECT jsonb_build_object('id', r.id, 'balance', r.balance, 'read_at', ${iso("r.read_at")}) AS reading,
           ${spent("credits_charged", sql`r.read_at`)} AS charged, ${spent("credits_in_doubt", sql`r.read_at`)} AS "inDoubt",
           ${spent("credits_charged", sql`${now} - interval '24 hours'`)} AS "chargedLastDay"
    FROM app.key_readings r WHERE upstream_key_id = ${upstreamKeyId} ORDER BY read_at DESC LIMIT 1`;
}
