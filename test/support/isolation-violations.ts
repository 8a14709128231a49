import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { Client } from "pg";
import { query, withTenant } from "../../src/adapters/neon-database.ts";
import type { Database } from "../../src/adapters/neon-database.ts";
import { TENANT_A, TENANT_B } from "./tenancy-database.ts";
import { rowOf } from "./tenant-rows.ts";

export type Isolated = {
  /** As the Worker connects, over a pool of one connection. */
  readonly rw: Database;
  /** The same, but so hasty that it gives up while Postgres still works on the statement. */
  readonly hasty: Database;
  /** A statement over the same connection that names no tenant. */
  readonly forNobody: (text: string) => Promise<unknown[]>;
  /** Of a role that owns the tables and is no superuser. */
  readonly ownerUrl: string;
};

const tables = Object.keys(rowOf);
const neighbour = { [TENANT_A]: TENANT_B, [TENANT_B]: TENANT_A } as const;

/**
 * Looks for ways in which one tenant's rows reach another: an empty list is what isolation means. A suite expects none, and its mutations
 * expect some: else the suite would not notice.
 */
export async function isolationViolations(isolated: Isolated, calls: number): Promise<string[]> {
  const turns = Array.from({ length: calls }, (_, at) => turn(isolated, at));
  const found = [
    ...(await Promise.all(turns)).flat(),
    ...(await leftBehind(isolated)),
    ...(await foreignWrites(isolated)),
    ...(await seenByOwner(isolated)),
  ];
  return [...new Set(found)].toSorted();
}

const EVERYTHING = sql.raw(
  `${tables.map((table) => `SELECT '${table}' AS name, tenant_id FROM app.${table}`).join(" UNION ALL ")}
   UNION ALL SELECT 'tenants', id FROM app.tenants`,
);

/** One of many requests at once: tenants take turns, and now and then one fails in the middle or is abandoned by its client. */
async function turn({ rw, hasty }: Isolated, at: number): Promise<string[]> {
  const tenantId = at % 2 === 0 ? TENANT_A : TENANT_B;
  const everything = query<{ name: string; tenant_id: string }>(EVERYTHING);
  if (at % 10 === 3) {
    await withTenant(rw, tenantId, [everything, query(sql`SELECT 1 / 0`)]).catch(() => undefined);
    return [];
  }
  if (at % 10 === 6) {
    await withTenant(hasty, tenantId, [everything, query(sql`SELECT pg_sleep(0.02)`)]).catch(() => undefined);
    return [];
  }
  const [{ rows }] = await withTenant(rw, tenantId, [everything]);
  const foreign = rows
    .filter(({ tenant_id }) => tenant_id !== tenantId)
    .map(({ name }) => `${name}: another tenant's row is seen`);
  const own = new Set(rows.filter(({ tenant_id }) => tenant_id === tenantId).map(({ name }) => name));
  const missing = [...tables, "tenants"]
    .filter((name) => !own.has(name))
    .map((name) => `${name}: a tenant does not see its own row`);
  return [...foreign, ...missing];
}

/** What the connection shows to whoever is handed it next and forgot to say for whom. */
async function leftBehind({ forNobody }: Isolated): Promise<string[]> {
  const rows = await forNobody("SELECT FROM app.tenants");
  return rows.length > 0 ? ["a connection keeps the tenant of the one before"] : [];
}

async function foreignWrites({ rw }: Isolated): Promise<string[]> {
  const violations: string[] = [];
  for (const [table, insert] of Object.entries(rowOf)) {
    for (const tenantId of [TENANT_A, TENANT_B] as const) {
      const row = sql.raw(insert.replaceAll("$1", `'${neighbour[tenantId]}'`));
      const refused = (await stateOf(rw, tenantId, row)) === "42501";
      if (!refused) violations.push(`${table}: a row is written for another tenant`);
    }
  }
  return violations;
}

/** The SQLSTATE that a write ends in; it is undone in any case. 42501 is row-level security's. */
async function stateOf(rw: Database, tenantId: string, write: SQL): Promise<unknown> {
  try {
    await withTenant(rw, tenantId, [query(write), query(sql`SELECT 1 / 0`)]);
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : undefined;
  }
}

async function seenByOwner({ ownerUrl }: Isolated): Promise<string[]> {
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    const { rows } = await owner.query<{ name: string }>(
      `${tables.map((table) => `SELECT '${table}' AS name FROM app.${table}`).join(" UNION ALL ")}
       UNION ALL SELECT 'tenants' FROM app.tenants`,
    );
    return rows.map(({ name }) => `${name}: its owner sees rows`);
  } finally {
    await owner.end();
  }
}
