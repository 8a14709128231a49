import { Client } from "pg";

export type EventRow = {
  event_id: string;
  endpoint: string;
  status: number;
  outcome: string;
  credits_charged: number;
  credits_in_doubt: number;
  request_id: string;
  upstream_key_id: string;
};

type RollupRow = {
  endpoint: string;
  calls: number;
  credits_charged: number;
  credits_in_doubt: number;
  hits: number;
  credits_saved: number;
  hits_memory: number;
  hits_colo: number;
  hits_redis: number;
  hits_joined: number;
  hits_stale: number;
};

const TIERS = ["hits_memory", "hits_colo", "hits_redis", "hits_joined", "hits_stale"];
const SUMS = TIERS.map((tier) => `sum(${tier})::int AS ${tier}`).join(", ");

/** The books of a test's database, read as its superuser: what the gateway recorded, whoever it recorded it for. */
export function books(databaseUrl: string) {
  const query = async <Row>(sql: string, params: readonly unknown[]): Promise<Row[]> => {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      return (await client.query(sql, [...params])).rows as Row[];
    } finally {
      await client.end();
    }
  };
  return {
    query,
    events: (tenantId: string) =>
      query<EventRow>("SELECT * FROM app.usage_events WHERE tenant_id = $1 ORDER BY event_id", [tenantId]),
    rollup: (tenantId: string) =>
      query<RollupRow>(
        `SELECT endpoint, sum(calls)::int AS calls, sum(credits_charged)::int AS credits_charged,
                sum(credits_in_doubt)::int AS credits_in_doubt, sum(hits)::int AS hits, sum(credits_saved)::int AS credits_saved, ${SUMS}
         FROM app.usage_daily_rollup WHERE tenant_id = $1 GROUP BY endpoint ORDER BY endpoint`,
        [tenantId],
      ),
    /** What the rollup must equal: the group-by of what it was made from. */
    recount: (tenantId: string) =>
      query<RollupRow>(
        `SELECT endpoint, sum(calls)::int AS calls, sum(charged)::int AS credits_charged, sum(doubt)::int AS credits_in_doubt,
                sum(hits)::int AS hits, sum(saved)::int AS credits_saved, ${SUMS}
         FROM (SELECT endpoint, 1 AS calls, credits_charged AS charged, credits_in_doubt AS doubt, 0 AS hits, 0 AS saved,
                      ${TIERS.map((tier) => `0 AS ${tier}`).join(", ")}
               FROM app.usage_events WHERE tenant_id = $1
               UNION ALL
               SELECT endpoint, 0, 0, 0, hits, credits_saved, ${TIERS.join(", ")} FROM app.usage_hits WHERE tenant_id = $1) AS parts
         GROUP BY endpoint ORDER BY endpoint`,
        [tenantId],
      ),
    /** Every row of every table as text, to search for what must not be there. */
    everything: async () => {
      const tables = await query<{ name: string }>(
        "SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition",
        [],
      );
      // Bytes are written in hex by Postgres, so they can be searched too.
      const each = tables.map(({ name }) => `SELECT '${name} ' || to_jsonb(t)::text AS row FROM ${name} AS t`);
      return (await query<{ row: string }>(each.join(" UNION ALL "), [])).map(({ row }) => row);
    },
    dead: () =>
      query<{ id: string; queue: string; reason: string; body: unknown }>(
        "SELECT id, queue, reason, body FROM app.dead_messages ORDER BY id",
        [],
      ),
  };
}
