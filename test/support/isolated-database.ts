import { randomUUID } from "node:crypto";
import { connect } from "../../src/adapters/neon-database.ts";
import type { Isolated } from "./isolation-violations.ts";
import { neonTenancy } from "./neon-tenancy.ts";
import type { NeonTenancy } from "./neon-tenancy.ts";
import { ROLE_PASSWORD } from "./tenancy-database.ts";
import { writeRows } from "./tenant-rows.ts";

export type IsolatedDatabase = Isolated & { readonly database: NeonTenancy; close(): Promise<void> };

/** Two tenants with a row in every table, behind a pool of one connection; the tables belong to a role that is no superuser. */
export async function isolatedDatabase(): Promise<IsolatedDatabase> {
  const database = await neonTenancy(1);
  await writeRows(database.owner);
  const role = `owner_${randomUUID().replaceAll("-", "")}`;
  await database.owner.query(`CREATE ROLE ${role} LOGIN PASSWORD '${ROLE_PASSWORD}'`);
  await database.owner.query(`GRANT ALL ON SCHEMA app TO ${role}`);
  await database.owner.query(`DO $$ DECLARE relation text; BEGIN
    FOR relation IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') LOOP
      EXECUTE format('ALTER TABLE %s OWNER TO ${role}', relation);
    END LOOP; END $$`);
  const ownerUrl = new URL(database.url);
  Object.assign(ownerUrl, { username: role, password: ROLE_PASSWORD });
  return {
    database,
    rw: database.connectAs("rw"),
    hasty: database.connectAs("rw", 5),
    forNobody: (text) => database.forNobody("rw", text),
    ownerUrl: ownerUrl.href,
    async close() {
      const superuser = database.owner;
      await superuser.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}; DROP ROLE ${role}`);
      await database.close();
    },
  };
}

/** The same, as if somebody had given the Worker another role's URL for `app_rw`'s. */
export function connectedAs({ database }: IsolatedDatabase, url: string): Pick<Isolated, "rw" | "hasty"> {
  const { sqlEndpoint } = database;
  return { rw: connect(url, { sqlEndpoint, timeoutMs: 10_000 }), hasty: connect(url, { sqlEndpoint, timeoutMs: 5 }) };
}
