import { sql, type SQL } from "drizzle-orm";
import { CasingCache } from "drizzle-orm/casing";
import { Unavailable } from "../core/control-ports.ts";
import type { Part } from "../core/ports.ts";
import { type HttpSettings, neonHttp, PostgresError, type RunSql } from "./neon-http.ts";

/** Not exported: what runs SQL is in reach of this file alone. */
const run = Symbol("run");

/** A database that only the functions below can run a statement on, each for somebody: a tenant, a key, an origin, or the operator. */
export type Database = { readonly [run]: RunSql };

/** A database over Neon's HTTP endpoint: no connection is held, and every request is a transaction of its own. Does no I/O. */
export function connect(databaseUrl: string, settings: HttpSettings): Database {
  // The platform's own check repeats the URL, with its password, in the error.
  if (!URL.canParse(databaseUrl) || !databaseUrl.startsWith("postgres"))
    throw new TypeError("a database URL is not one");
  return { [run]: neonHttp(new URL(databaseUrl), settings) };
}

/** A statement; `Row` is what it returns, as the driver reads it. It belongs to no database, so it runs for nobody by itself. */
export type Query<Row> = {
  readonly text: SQL;
  /** Never there: it only carries the type. */
  readonly row?: Row;
};

/** A statement in SQL that returns rows of the type that is named. */
export function query<Row extends Record<string, unknown>>(text: SQL): Query<Row> {
  return { text };
}

export type Statements = readonly [Query<unknown>, ...Query<unknown>[]];
type Result<Row> = { readonly rows: readonly Row[]; readonly rowCount: number };
type Results<T extends Statements> = {
  readonly [At in keyof T]: T[At] extends Query<infer Row> ? Result<Row> : never;
};

/**
 * The only way to a tenant's tables: runs the statements as one transaction in which row-level security shows this tenant alone. The
 * tenant is set for the transaction, never for the connection, which a pooler hands to somebody else next. Throws `Unavailable` when
 * Postgres does not answer.
 */
export function withTenant<T extends Statements>(
  database: Database,
  tenantId: string,
  statements: T,
): Promise<Results<T>> {
  return transaction(database, { name: "app.tenant_id", value: tenantId }, statements);
}

/** As `app_auth`, who sees the one gateway key of this public id and what hangs on it. */
export function withKey<T extends Statements>(database: Database, keyId: string, statements: T): Promise<Results<T>> {
  return transaction(database, { name: "app.key_id", value: keyId }, statements);
}

/** As `app_auth`, who sees the publishable keys that name this web origin and are good now. */
export function withOrigin<T extends Statements>(
  database: Database,
  origin: string,
  statements: T,
): Promise<Results<T>> {
  return transaction(database, { name: "app.origin", value: origin }, statements);
}

/** As `app_ops`, who sees what its policies say of all tenants and writes to the one that is acted on; null when it is none. */
export function asOperator<T extends Statements>(
  database: Database,
  tenantId: string | null,
  statements: T,
): Promise<Results<T>> {
  return transaction(database, { name: "app.tenant_id", value: tenantId ?? "" }, statements);
}

type Setting = { readonly name: string; readonly value: string };

async function transaction<T extends Statements>(
  database: Database,
  { name, value }: Setting,
  statements: T,
): Promise<Results<T>> {
  const setting = query(sql`SELECT set_config(${name}, ${value}, true)`);
  const written = [setting, ...statements].map(({ text }) => {
    const { sql: query, params } = text.toQuery(DIALECT);
    return { query, params };
  });
  try {
    const results: readonly unknown[] = await database[run](written);
    // What a row holds is the statement's word: no compiler reads SQL.
    return results.slice(1) as readonly unknown[] as Results<T>;
  } catch (error) {
    throw isAnswer(error) ? error : new Unavailable("Postgres does not answer", { cause: error });
  }
}

/** How drizzle writes a statement down. Of names it has only those in its own tables, which no statement here is made of. */
const DIALECT: Parameters<SQL["toQuery"]>[0] = {
  casing: new CasingCache(),
  escapeName: (name) => `"${name.replaceAll('"', '""')}"`,
  escapeParam: (at) => `$${at + 1}`,
  escapeString: (text) => `'${text.replaceAll("'", "''")}'`,
};

/**
 * Whether Postgres has judged the statement. Without an SQLSTATE nothing came back; of the others these say that the server could not
 * serve, not that the statement is wrong: 08 connection, 40 deadlock, 53 resources, 57 shutdown, 58 system (PostgreSQL, Appendix A).
 */
function isAnswer(error: unknown): boolean {
  const state = error instanceof PostgresError ? (error.code ?? "08000") : "08000";
  return !/^(?:08|40|53|57|58)/.test(state);
}

/** Postgres as a part of the gateway's health. */
export function neonPart(database: Database): Part {
  return {
    name: "postgres",
    async ping() {
      try {
        await asOperator(database, null, [query(sql`SELECT 1`)]);
        return true;
      } catch {
        return false;
      }
    },
  };
}
