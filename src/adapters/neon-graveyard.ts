import { sql, type SQL } from "drizzle-orm";
import type { DeadMessage, Graveyard } from "../core/ports.ts";
import { asOperator, query } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";

/**
 * Keeps dead messages in Postgres as `app_ops`. Throws when nothing was kept: the queue then delivers again, for after the graveyard
 * there is only oblivion.
 */
export function neonGraveyard(database: Database): Graveyard {
  return {
    async bury(messages) {
      if (messages.length === 0) return;
      const insert = sql`INSERT INTO app.dead_messages (id, queue, reason, body)
        VALUES ${sql.join(messages.map(toRow), sql`, `)} ON CONFLICT DO NOTHING`;
      await asOperator(database, null, [query(insert)]);
    },
  };
}

function toRow({ id, queue, reason, body }: DeadMessage): SQL {
  return sql`(${storable(id)}, ${storable(queue)}, ${storable(reason)}, ${JSON.stringify(body ?? null)}::json)`;
}

/** PostgreSQL's text holds neither NUL nor half a character, and a dead message that cannot be buried comes back for ever. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
