import { sql, type SQL } from "drizzle-orm";
import type { DoneTable, Retention, UsageTable } from "../core/upkeep-ports.ts";
import { asOperator, query, type Database } from "./neon-database.ts";
import { milliseconds } from "./neon-rows.ts";

const TIME_OF: Readonly<Record<UsageTable, SQL>> = {
  usage_events: sql`app.usage_events.occurred_at`,
  usage_hits: sql`app.usage_hits.flushed_at`,
  key_usage_daily: sql`app.key_usage_daily.day`,
  latency_daily: sql`app.latency_daily.day`,
};

/** By key, and what of it is done with. An event is kept as long as something of it is still to be delivered. */
const DONE: Readonly<Record<DoneTable, { readonly key: SQL; readonly since: SQL; readonly isDone: SQL }>> = {
  webhook_deliveries: { key: sql`tenant_id, id`, since: sql`created_at`, isDone: sql`status <> 'pending'` },
  webhook_events: {
    key: sql`tenant_id, id`,
    since: sql`created_at`,
    isDone: sql`announced_at IS NOT NULL AND NOT EXISTS (
      SELECT FROM app.webhook_deliveries d
      WHERE d.event_tenant_id = webhook_events.tenant_id AND d.event_id = webhook_events.id AND d.status = 'pending')`,
  },
  dead_messages: { key: sql`id`, since: sql`COALESCE(dropped_at, replayed_at)`, isDone: sql`true` },
  hashtag_history: { key: sql`challenge_id, day`, since: sql`day`, isDone: sql`true` },
};

/** Deletes as `app_ops`, whose policies say again how old a row must be. */
export function neonRetention(database: Database): Retention {
  const deleted = async (statement: SQL) => {
    const [{ rowCount }] = await asOperator(database, null, [query(statement)]);
    return rowCount;
  };
  return {
    async outlived(table, days) {
      const [{ rows }] = await asOperator(database, null, [
        query<{ oldestMs: number | null; beforeMs: number }>(sql`
          SELECT ${milliseconds(sql`min(${TIME_OF[table]})`)} AS "oldestMs", ${milliseconds(daysAgo(days))} AS "beforeMs"
          FROM ${tableOf(table)} WHERE ${TIME_OF[table]} < ${daysAgo(days)}`),
      ]);
      const { oldestMs = null, beforeMs = 0 } = rows[0] ?? {};
      return oldestMs === null ? undefined : { oldestMs, beforeMs };
    },
    deleteUsage: (table, days, beforeMs) =>
      deleted(sql`
        DELETE FROM ${tableOf(table)}
        WHERE ${TIME_OF[table]} < LEAST(${daysAgo(days)}, to_timestamp(${beforeMs}::float8 / 1000))`),
    deleteDone(table, days, limit) {
      const { key, since, isDone } = DONE[table];
      return deleted(sql`
        DELETE FROM ${tableOf(table)} WHERE (${key}) IN (
          SELECT ${key} FROM ${tableOf(table)} WHERE ${since} < ${daysAgo(days)} AND ${isDone} LIMIT ${limit})`);
    },
    async deleteOutcomes() {
      // Without a condition, for that would take the right to read them: row-level security says which.
      await deleted(sql`DELETE FROM app.idempotency_keys`);
    },
  };
}

function tableOf(table: UsageTable | DoneTable): SQL {
  return sql.raw(`app.${table}`);
}

function daysAgo(days: number): SQL {
  return sql`(now() - ${days} * interval '1 day')`;
}
