import { sql } from "drizzle-orm";
import { deadMessages } from "../../drizzle/schema.ts";
import type { DeadMessage, Graveyard } from "../core/ports.ts";
import { asOperator, statement } from "./neon-database.ts";
import type { Database } from "./neon-database.ts";

/**
 * Keeps dead messages in Postgres as `app_ops`. Throws when nothing was kept: the queue then delivers again, for after the graveyard
 * there is only oblivion.
 */
export function neonGraveyard(database: Database): Graveyard {
  return {
    async bury(messages) {
      if (messages.length === 0) return;
      const insert = statement.insert(deadMessages).values(messages.map(toRow)).onConflictDoNothing();
      await asOperator(database, null, [insert]);
    },
  };
}

function toRow({ id, queue, reason, body }: DeadMessage) {
  return {
    id: storable(id),
    queue: storable(queue),
    reason: storable(reason),
    body: sql`${JSON.stringify(body ?? null)}::json`,
  };
}

/** PostgreSQL's text holds neither NUL nor half a character, and a dead message that cannot be buried comes back for ever. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
