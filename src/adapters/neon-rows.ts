import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Page, PageOf } from "../core/control-ports.ts";
import { query } from "./neon-database.ts";
import type { Query } from "./neon-database.ts";

/** A time as `2026-01-31T12:00:00.000Z`: what `to_jsonb` makes of one follows the session's time zone. */
export function iso(column: string): SQL {
  return sql.raw(`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);
}

/** A time in whole Unix milliseconds, which are all that JavaScript knows. */
export function milliseconds(time: SQL): SQL {
  return sql`floor(extract(epoch FROM ${time}) * 1000)::float8`;
}

/** Binary values as base64. PostgreSQL breaks it into lines (RFC 2045), which no decoder of base64 proper accepts. */
export function base64(column: string): SQL {
  return sql.raw(`translate(encode(${column}, 'base64'), E'\\n', '')`);
}

/** Rows as JSON, the form in which acts remember them too: a thing looks the same wherever it is read. */
export function rowsOf<Row>(select: SQL<Row>): Query<{ row: Row }> {
  return query<{ row: Row }>(sql`SELECT to_jsonb(found) AS row FROM (${select}) AS found`);
}

export type Listing<Row> = {
  /** Typed as what they make: `sql<Row>`. */
  readonly columns: SQL<Row>;
  readonly from: SQL;
  /** The column that rows are ordered by; unique among them, so that no page repeats a row or leaves one out. */
  readonly id: string;
  readonly order?: "ASC" | "DESC";
};

/** One row more than the page holds, which tells whether there is a next one. */
export function pageQuery<Row>(
  { columns, from, id, order = "ASC" }: Listing<Row>,
  { limit, after }: Page,
): Query<{ row: Row }> {
  const beyond = sql.raw(`${id} ${order === "ASC" ? ">" : "<"}`);
  const where = after === null ? sql`` : sql`WHERE ${beyond} ${after}`;
  return rowsOf(
    sql<Row>`SELECT ${columns} FROM ${from} ${where} ORDER BY ${sql.raw(`${id} ${order}`)} LIMIT ${limit + 1}`,
  );
}

/** The page of what `pageQuery` returned; `idOf` reads the column that it is ordered by. */
export function pageOf<Row>(
  { rows }: { readonly rows: readonly { readonly row: Row }[] },
  { limit }: Page,
  idOf: (row: Row) => string,
): PageOf<Row> {
  const page = rows.slice(0, limit).map(({ row }) => row);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last !== undefined ? idOf(last) : null };
}
