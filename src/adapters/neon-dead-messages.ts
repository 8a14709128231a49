import { sql, type SQL } from "drizzle-orm";
import { PLATFORM } from "../core/act.ts";
import type { DeadMessageRow, DeadMessages, DeadMessagesAsked } from "../core/dead-message.ts";
import { neonActs } from "./neon-acts.ts";
import { asOperator, type Database } from "./neon-database.ts";
import { iso, pageOf, pageQuery, rowsOf } from "./neon-rows.ts";

/** As much of a body as a list shows, characters. */
const EXCERPT = 500;

const STATE = sql`CASE WHEN dropped_at IS NOT NULL THEN 'dropped' WHEN replayed_at IS NOT NULL THEN 'replayed' ELSE 'buried' END`;

const ROW = sql<DeadMessageRow>`entry_id AS id, id AS message_id, queue, reason, ${STATE} AS state, replays,
  left(body::text, ${sql.raw(String(EXCERPT))}) AS excerpt, ${iso("buried_at")} AS buried_at, ${iso("replayed_at")} AS replayed_at,
  ${iso("dropped_at")} AS dropped_at`;

/** Dead messages in Postgres, as `app_ops`. */
export function neonDeadMessages(database: Database): DeadMessages {
  const perform = neonActs(database, asOperator);
  const decide = (values: SQL, refused: SQL, because: string) => (act: Parameters<typeof perform>[0], id: string) =>
    perform<DeadMessageRow>(act, {
      tenantId: PLATFORM,
      change: sql`WITH act AS (
        UPDATE app.dead_messages SET ${values} WHERE entry_id = ${id} AND ${refused} IS NULL RETURNING ${ROW})`,
      refusal: { exists: sql`SELECT FROM app.dead_messages WHERE entry_id = ${id}`, because },
    });
  return {
    async list(asked) {
      const listing = { columns: ROW, from: chosen(asked), id: "entry_id", order: "DESC" } as const;
      const [listed] = await asOperator(database, null, [pageQuery(listing, asked)]);
      return pageOf(listed, asked, ({ id }) => id);
    },
    async find(id) {
      // As text: what `to_jsonb` makes of a body refuses some that JSON allows.
      const select = sql<DeadMessageRow & { body: string }>`
        SELECT ${ROW}, body::text AS body FROM app.dead_messages WHERE entry_id = ${id}`;
      const [{ rows }] = await asOperator(database, null, [rowsOf(select)]);
      const [found] = rows;
      return found && { ...found.row, body: JSON.parse(found.row.body) as unknown };
    },
    noteReplay: decide(sql`replayed_at = now(), replays = replays + 1`, sql`dropped_at`, "It was dropped."),
    drop: decide(sql`dropped_at = COALESCE(dropped_at, now())`, sql`replayed_at`, "It was replayed."),
  };
}

function chosen({ queue, state }: DeadMessagesAsked): SQL {
  return sql`(
    SELECT * FROM app.dead_messages
    WHERE (${queue ?? null}::text IS NULL OR queue = ${queue ?? null}) AND (${state ?? null}::text IS NULL OR ${STATE} = ${state ?? null})
  ) AS chosen`;
}
