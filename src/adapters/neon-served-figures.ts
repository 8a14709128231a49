import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { HIT_TIERS, type HitBatch, type HitTier } from "../core/usage.ts";

/** The columns of the tiers, one term each. */
export const tiers = (term: (tier: HitTier) => string): SQL => sql.raw(HIT_TIERS.map(term).join(", "));
/** As they are in rows. */
export const TIERS = tiers((tier) => `hits_${tier}`);
/** As they come in a message. */
export const SENT_TIERS = tiers((tier) => `coalesce(("byTier" ->> '${tier}')::bigint, 0)`);

/**
 * Adds what else batches of hits count, as parts of the statement that inserts their hits: of the batches of which a row is in `inserted`. So
 * a batch that comes again, or is twice in one delivery, adds nothing here either. Rows are sorted where they are locked.
 */
export function servedFigures(batches: readonly HitBatch[]): SQL {
  return sql`
    fresh AS (
      SELECT DISTINCT ON ("batchId") "tenantId" AS tenant_id, (to_timestamp("flushedAtMs" / 1000.0) AT TIME ZONE 'UTC')::date AS day,
             latency, keys
      FROM jsonb_to_recordset(${JSON.stringify(batches)}::jsonb) AS batch (
        "tenantId" uuid, "batchId" uuid, "flushedAtMs" bigint, latency jsonb, keys jsonb)
      WHERE "batchId" IN (SELECT batch_id FROM inserted)
    ), latency AS (
      INSERT INTO app.latency_daily AS known (tenant_id, day, tier, bucket, requests)
      SELECT tenant_id, day, tier, bucket, sum(requests)
      FROM fresh, jsonb_to_recordset(fresh.latency) AS sent (tier text, bucket integer, requests bigint)
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
      ON CONFLICT (tenant_id, day, tier, bucket) DO UPDATE SET requests = known.requests + excluded.requests
    ), keys AS (
      INSERT INTO app.key_usage_daily AS known (tenant_id, day, key_id, ${named((name) => name)})
      SELECT tenant_id, day, "keyId", ${named((name) => `sum(${name})`)}
      FROM fresh, jsonb_to_recordset(fresh.keys) AS sent (
        "keyId" text, calls bigint, "creditsCharged" bigint, "creditsInDoubt" bigint, "creditsOnOwnKey" bigint, hits bigint,
        "creditsSaved" bigint, "byTier" jsonb)
        CROSS JOIN LATERAL (VALUES ("creditsCharged", "creditsInDoubt", "creditsOnOwnKey", "creditsSaved", ${SENT_TIERS}))
          AS renamed (credits_charged, credits_in_doubt, credits_on_own_key, credits_saved, ${TIERS})
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (tenant_id, day, key_id) DO UPDATE SET ${named((name) => `${name} = known.${name} + excluded.${name}`)}
    )`;
}

const COUNTS = ["calls", "credits_charged", "credits_in_doubt", "credits_on_own_key", "hits", "credits_saved"];
const NAMES = [...COUNTS, ...HIT_TIERS.map((tier) => `hits_${tier}`)];

/** The columns of counts, one term each. */
const named = (term: (name: string) => string): SQL => sql.raw(NAMES.map(term).join(", "));
