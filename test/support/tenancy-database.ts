import { Client } from "pg";
import type { QueryResult } from "pg";
import { openRoles } from "../../dev/database-roles.ts";
import { freshDatabase } from "./databases.ts";

export const TENANT_A = "0199c0de-0000-7000-8000-00000000000a";
export const TENANT_B = "0199c0de-0000-7000-8000-00000000000b";

/** Roles belong to the whole server, so every test file gives them the same password. */
export const ROLE_PASSWORD = "password-of-the-roles";

export type TenancyDatabase = Awaited<ReturnType<typeof tenancyDatabase>>;

/** A migrated database with two tenants, a connection of the owner's, and one for each role. */
export async function tenancyDatabase() {
  const database = await freshDatabase();
  const urls = await openRoles(database.url, ROLE_PASSWORD);
  const [owner, rw, auth, ops] = await Promise.all([database.url, urls.rw, urls.auth, urls.ops].map(connected));
  if (!owner || !rw || !auth || !ops) throw new Error("not every role is connected");
  await owner.query(
    `INSERT INTO app.tenants (id, name, plan, key_mode) VALUES ($1, 'A', 'free', 'shared'), ($2, 'B', 'pro', 'shared')`,
    [TENANT_A, TENANT_B],
  );
  return {
    url: database.url,
    urls,
    owner,
    rw,
    auth,
    ops,
    /** As `app_rw` in one transaction, the way `withTenant` does it. */
    asTenant: (tenantId: string, statement: string, values: unknown[] = []) =>
      withSetting(rw, { name: "app.tenant_id", value: tenantId }, { text: statement, values }),
    /** As `app_auth` in one transaction that looks for this key. */
    asKey: (keyId: string, statement: string) =>
      withSetting(auth, { name: "app.key_id", value: keyId }, { text: statement, values: [] }),
    /** As `app_auth` in one transaction that looks for a web origin. */
    asOrigin: (origin: string, statement: string) =>
      withSetting(auth, { name: "app.origin", value: origin }, { text: statement, values: [] }),
    /** As `app_ops` in one transaction that acts on this tenant. */
    asOperator: (tenantId: string, statement: string, values: unknown[] = []) =>
      withSetting(ops, { name: "app.tenant_id", value: tenantId }, { text: statement, values }),
    async close() {
      await Promise.all([owner, rw, auth, ops].map((client) => client.end()));
      await database.drop();
    },
  };
}

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}

type Setting = { readonly name: string; readonly value: string };
type Statement = { readonly text: string; readonly values: unknown[] };

async function withSetting(client: Client, { name, value }: Setting, statement: Statement): Promise<QueryResult> {
  await client.query("BEGIN");
  try {
    await client.query("SELECT set_config($1, $2, true)", [name, value]);
    const result = await client.query(statement);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}
