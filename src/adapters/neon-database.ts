import type { NeonQueryFunction } from "@neondatabase/serverless";
import { sql, type SQL } from "drizzle-orm";
import { CasingCache } from "drizzle-orm/casing";
import { Unavailable } from "../core/control-ports.ts";
import type { Part } from "../core/ports.ts";

/** Not exported: what runs SQL is in reach of this file alone. */
const vendor = Symbol("vendor");

/** A database that only the functions below can run a statement on, each for somebody: a tenant, a key, an origin, or the operator. */
export type Database = { readonly [vendor]: () => Promise<Client> };

type Client = NeonQueryFunction<false, true>;

export type DatabaseSettings = {
  /** Where SQL is sent instead of to Neon, e.g. a local endpoint. One per process: the vendor keeps it in a global. */
  readonly sqlEndpoint?: string | undefined;
  /** Longest wait for one request, its body included. Giving up does not undo: the statement may have been committed. */
  readonly timeoutMs: number;
};

/**
 * A database over Neon's HTTP driver: no connection is held, and every request is a transaction of its own. Does no I/O. The driver, a quarter of
 * the Worker, is wired up at the first statement: an isolate answers from its caches before it needs one.
 */
export function connect(databaseUrl: string, { sqlEndpoint, timeoutMs }: DatabaseSettings): Database {
  // The vendor's own check comes with the first statement, and repeats the URL, with its password, in the error.
  if (!isDatabaseUrl(databaseUrl)) throw new TypeError("a database URL is not one");
  const fetchOptions = {
    // The vendor copies the options for each request, so each gets a deadline of its own: a plain signal would end all of them at once.
    get signal(): AbortSignal {
      return AbortSignal.timeout(timeoutMs);
    },
  };
  let client: Client | undefined;
  return {
    async [vendor]() {
      const { neon, neonConfig } = await import("@neondatabase/serverless");
      if (sqlEndpoint !== undefined) neonConfig.fetchEndpoint = new URL("/sql", sqlEndpoint).href;
      return (client ??= neon(databaseUrl, { fetchOptions, fullResults: true }));
    },
  };
}

/** What the vendor takes: with a user, a host and a database, and read as it reads it, like a web address. */
function isDatabaseUrl(text: string): boolean {
  const [, address] = /^postgres(?:ql)?:(.*)$/.exec(text) ?? [];
  if (address === undefined || !URL.canParse(`http:${address}`)) return false;
  const { username, hostname, pathname } = new URL(`http:${address}`);
  return username !== "" && hostname !== "" && pathname.length > 1;
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
  const client = await database[vendor]();
  try {
    const asked = [setting, ...statements].map(({ text }) => {
      const { sql, params } = text.toQuery(DIALECT);
      return client.query(sql, params);
    });
    const results: readonly unknown[] = await client.transaction(asked);
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
  const state = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "08000";
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
