import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { customType, pgSchema, timestamp } from "drizzle-orm/pg-core";
import type { AnyPgColumn } from "drizzle-orm/pg-core";

/** Everything of Tikedge lives in a schema of its own, so that `public` can be closed to everybody. */
export const app = pgSchema("app");

/** Binary columns, read as base64 or hex in SQL: what a driver makes of bytes differs between runtimes. */
export const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

/** Every time is `timestamptz`: a time without a zone moves with the session's setting. */
export const instant = (name: string) => timestamp(name, { withTimezone: true });

/** A CHECK that holds a text column to the values its TypeScript type lists. */
export function oneOf(column: AnyPgColumn, values: readonly string[]): SQL {
  const list = values.map((value) => `'${value}'`).join(", ");
  return sql`${column} IN (${sql.raw(list)})`;
}
