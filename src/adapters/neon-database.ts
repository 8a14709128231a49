import { neon, neonConfig } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import type { BatchItem, BatchResponse } from "drizzle-orm/batch";
import { drizzle } from "drizzle-orm/neon-http";
import type { NeonHttpDatabase } from "drizzle-orm/neon-http";
import type { Part } from "../core/ports.ts";

export type Database = NeonHttpDatabase;

export type DatabaseSettings = {
  /** Where SQL is sent instead of to Neon, e.g. a local endpoint. One per process: the vendor keeps it in a global. */
  readonly sqlEndpoint?: string | undefined;
  /** Longest wait for one request, its body included. Giving up does not undo: the statement may have been committed. */
  readonly timeoutMs: number;
};

/** A database over Neon's HTTP driver: no connection is held, and every request is a transaction of its own. Does no I/O. */
export function connect(databaseUrl: string, { sqlEndpoint, timeoutMs }: DatabaseSettings): Database {
  // The vendor's own check repeats the URL, with its password, in the error.
  if (!URL.canParse(databaseUrl) || !databaseUrl.startsWith("postgres"))
    throw new TypeError("a database URL is not one");
  if (sqlEndpoint !== undefined) neonConfig.fetchEndpoint = new URL("/sql", sqlEndpoint).href;
  const fetchOptions = {
    // The vendor copies the options for each request, so each gets a deadline of its own: a plain signal would end all of them at once.
    get signal(): AbortSignal {
      return AbortSignal.timeout(timeoutMs);
    },
  };
  return drizzle(neon(databaseUrl, { fetchOptions }));
}

/**
 * The only way to a tenant's tables: runs the statements as one transaction in which row-level security shows this tenant alone. The
 * tenant is set for the transaction, never for the connection, which a pooler hands to somebody else next.
 */
export async function withTenant<T extends Statements>(
  database: Database,
  tenantId: string,
  statements: T,
): Promise<BatchResponse<T>> {
  const setTenant = database.execute(sql`SELECT set_config('app.tenant_id', ${tenantId}, true)`);
  const [, ...results] = await database.batch([setTenant, ...statements]);
  return results;
}

type Statements = readonly [BatchItem<"pg">, ...BatchItem<"pg">[]];

/** Postgres as a part of the gateway's health. */
export function neonPart(database: Database): Part {
  return {
    name: "postgres",
    async ping() {
      try {
        await database.execute(sql`SELECT 1`);
        return true;
      } catch {
        return false;
      }
    },
  };
}
