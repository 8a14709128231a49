import { sql } from "drizzle-orm";
import type { Recording, UsageLedger } from "../core/ports.ts";
import type { HitBatch, UsageEvent } from "../core/usage.ts";
import { query, withTenant } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";
import { lockAlerts, noteThresholds } from "./neon-quota-alerts.ts";
import { SENT_TIERS, servedFigures, TIERS, tiers } from "./neon-served-figures.ts";

/**
 * Keeps the books in Postgres as `app_rw`. Events and rollup are written by one statement, and the rollup grows by the rows that were
 * inserted, never by the rows that were delivered: whatever is delivered again adds nothing. So a failed call may be repeated although
 * nobody knows whether it was committed. One row that Postgres refuses has the call refused, and nothing is recorded; another
 * tenant's row fails it. The thresholds of quotas that the events reach are noted in the same transaction.
 */
export function neonUsageLedger(database: Database): UsageLedger {
  return {
    async addEvents(tenantId, events) {
      if (events.length === 0) return NOTHING;
      return recording(async () => {
        const [, , noted] = await withTenant(database, tenantId, [
          query(insertEvents(events)),
          query(lockAlerts(tenantId)),
          query<{ id: string }>(noteThresholds(tenantId)),
        ]);
        return noted.rows.map(({ id }) => id);
      });
    },
    async addHits(tenantId, batches) {
      const rows = batches.flatMap(hitRows);
      if (rows.length === 0) return NOTHING;
      return recording(async () => {
        await withTenant(database, tenantId, [query(insertHits(rows, batches))]);
        return [];
      });
    },
  };
}

const NOTHING: Recording = { kind: "recorded", announce: [] };

/** Classes 22 and 23 of SQLSTATE, data and constraints: whenever it is repeated, the same statement fails in the same way. */
const REFUSAL = /^2[23][0-9A-Z]{3}$/;

/** The names of PostgreSQL's Appendix A, of the states that an insert of usage can end in. */
const STATE_NAMES: Readonly<Record<string, string>> = {
  "22003": "numeric_value_out_of_range",
  "22008": "datetime_field_overflow",
  "22021": "character_not_in_repertoire",
  "22P02": "invalid_text_representation",
  "22P05": "untranslatable_character",
  "23502": "not_null_violation",
  "23503": "foreign_key_violation",
  "23505": "unique_violation",
  "23514": "check_violation",
};

async function recording(record: () => Promise<readonly string[]>): Promise<Recording> {
  try {
    return { kind: "recorded", announce: await record() };
  } catch (error) {
    const state = sqlState(error);
    if (!REFUSAL.test(state)) throw error;
    const otherwise = state.startsWith("22") ? "data_exception" : "integrity_constraint_violation";
    return { kind: "refused", reason: `SQLSTATE ${state} ${STATE_NAMES[state] ?? otherwise}` };
  }
}

/** Empty when Postgres gave none. An outage carries what the vendor threw as its cause. */
function sqlState(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return "code" in error && typeof error.code === "string" ? error.code : sqlState(error.cause);
}

/**
 * Rows are sorted wherever they are locked, so that two consumers with the same rows wait for each other instead of deadlocking. A day
 * is a UTC day whatever the session's time zone is.
 */
function insertEvents(events: readonly UsageEvent[]) {
  return sql`
    WITH delivered AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS event (
        "tenantId" uuid, "eventId" uuid, "occurredAtMs" bigint, endpoint text, status integer, outcome text,
        "creditsCharged" integer, "creditsInDoubt" integer, "requestId" text, "upstreamKeyId" text)
    ), inserted AS (
      INSERT INTO app.usage_events (tenant_id, event_id, occurred_at, endpoint, status, outcome,
                                    credits_charged, credits_in_doubt, request_id, upstream_key_id)
      SELECT "tenantId", "eventId", to_timestamp("occurredAtMs" / 1000.0), endpoint, status, outcome,
             "creditsCharged", "creditsInDoubt", "requestId", "upstreamKeyId"
      FROM delivered ORDER BY "eventId"
      ON CONFLICT DO NOTHING
      RETURNING tenant_id, occurred_at, endpoint, credits_charged, credits_in_doubt, upstream_key_id
    )
    INSERT INTO app.usage_daily_rollup AS rollup (tenant_id, day, endpoint, calls, credits_charged, credits_in_doubt, credits_on_own_key)
    SELECT tenant_id, (occurred_at AT TIME ZONE 'UTC')::date, endpoint, count(*), sum(credits_charged), sum(credits_in_doubt),
           coalesce(sum(credits_charged) FILTER (WHERE upstream_key_id NOT LIKE 'platform-%'), 0)
    FROM inserted GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, day, endpoint) DO UPDATE SET
      calls = rollup.calls + excluded.calls,
      credits_charged = rollup.credits_charged + excluded.credits_charged,
      credits_in_doubt = rollup.credits_in_doubt + excluded.credits_in_doubt,
      credits_on_own_key = rollup.credits_on_own_key + excluded.credits_on_own_key`;
}

type DeliveredRow = Pick<HitBatch, "tenantId" | "batchId" | "flushedAtMs"> & HitBatch["rows"][number];

function hitRows({ rows, tenantId, batchId, flushedAtMs }: HitBatch): DeliveredRow[] {
  return rows.map((row) => ({ tenantId, batchId, flushedAtMs, ...row }));
}

function insertHits(rows: readonly DeliveredRow[], batches: readonly HitBatch[]) {
  return sql`
    WITH delivered AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS hit (
        "tenantId" uuid, "batchId" uuid, "flushedAtMs" bigint, endpoint text, hits bigint, "creditsSaved" bigint, "byTier" jsonb)
    ), inserted AS (
      INSERT INTO app.usage_hits (tenant_id, batch_id, endpoint, flushed_at, hits, credits_saved, ${TIERS})
      SELECT "tenantId", "batchId", endpoint, to_timestamp("flushedAtMs" / 1000.0), hits, "creditsSaved",
             ${SENT_TIERS}
      FROM delivered ORDER BY "batchId", endpoint
      ON CONFLICT DO NOTHING
      RETURNING tenant_id, batch_id, flushed_at, endpoint, hits, credits_saved, ${TIERS}
    ), ${servedFigures(batches)}
    INSERT INTO app.usage_daily_rollup AS rollup (tenant_id, day, endpoint, hits, credits_saved, ${TIERS})
    SELECT tenant_id, (flushed_at AT TIME ZONE 'UTC')::date, endpoint, sum(hits), sum(credits_saved),
           ${tiers((tier) => `sum(hits_${tier})`)}
    FROM inserted GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, day, endpoint) DO UPDATE SET
      hits = rollup.hits + excluded.hits,
      credits_saved = rollup.credits_saved + excluded.credits_saved,
      ${tiers((tier) => `hits_${tier} = rollup.hits_${tier} + excluded.hits_${tier}`)}`;
}
