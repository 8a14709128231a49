import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lintCatalogue } from "../support/catalogue-lint.ts";
import { tenancyDatabase } from "../support/tenancy-database.ts";
import type { TenancyDatabase } from "../support/tenancy-database.ts";

let database: TenancyDatabase;
beforeAll(async () => {
  database = await tenancyDatabase();
});
afterAll(() => database.close());

it("finds nothing after the migrations, because one leak is another tenant's rows", async () => {
  expect(await lintCatalogue(database.owner)).toEqual([]);
});

const own = "tenant_id = (SELECT app.current_tenant())";

describe("goes red, for a lint that cannot is no lint, when a migration", () => {
  it.each([
    {
      does: "ALTER TABLE app.usage_events NO FORCE ROW LEVEL SECURITY",
      says: "usage_events: row-level security is not",
    },
    { does: "ALTER TABLE app.api_keys DISABLE ROW LEVEL SECURITY", says: "api_keys: row-level security is not" },
    { does: "CREATE TABLE app.notes (tenant_id uuid, body text)", says: "notes: row-level security is not" },
    {
      does: `DROP POLICY own_tenant ON app.usage_hits; CREATE POLICY own_tenant ON app.usage_hits TO app_rw USING (${own})`,
      says: "usage_hits: policy own_tenant lets app_rw past its own tenant",
    },
    {
      does: "CREATE POLICY support ON app.api_keys FOR SELECT TO app_rw USING (last4 = 'abcd')",
      says: "api_keys: policy support lets app_rw past its own tenant",
    },
    {
      does: "CREATE POLICY everybody ON app.tenant_users USING (user_id IS NOT NULL)",
      says: "tenant_users: policy everybody is for {public}, not for",
    },
    {
      does: "CREATE POLICY all_keys ON app.upstream_keys FOR SELECT TO app_auth USING (true)",
      says: "upstream_keys: policy all_keys shows every row",
    },
    {
      does: "CREATE POLICY all_acts ON app.audit_log FOR SELECT TO app_ops USING (action <> '')",
      says: "audit_log: policy all_acts lets app_ops past the tenant acted on",
    },
    {
      does: "DROP POLICY tenant_acted_on ON app.tenants; CREATE POLICY tenant_acted_on ON app.tenants TO app_ops USING (true)",
      says: "tenants: policy tenant_acted_on lets app_ops past the tenant acted on",
    },
    {
      does: "DROP POLICY every_tenant ON app.tenants; CREATE POLICY every_tenant ON app.tenants TO app_ops USING (true)",
      says: "tenants: policy every_tenant lets app_ops past the tenant acted on",
    },
    {
      does: "GRANT UPDATE (detail) ON app.audit_log TO app_ops",
      says: "audit_log: app_ops may UPDATE and it is append-only",
    },
    { does: "GRANT TRUNCATE ON app.audit_log TO app_rw", says: "audit_log: app_rw may TRUNCATE and it is append-only" },
    { does: "ALTER TABLE app.audit_log ENABLE TRIGGER append_only", says: "audit_log: no trigger refuses" },
    { does: "DROP TRIGGER append_only ON app.invoices", says: "invoices: no trigger refuses" },
    { does: "DROP TRIGGER append_only ON app.audit_log", says: "audit_log: no trigger refuses" },
    { does: "GRANT SELECT ON app.tenant_users TO app_ops", says: "tenant_users: app_ops may SELECT and no policy" },
    {
      does: "CREATE POLICY outlived_too ON app.usage_hits FOR DELETE TO app_ops USING (hits = 0)",
      says: "usage_hits: policy outlived_too does not bind to an age",
    },
    {
      does: "ALTER POLICY outlived ON app.usage_hits USING (hits = 0 OR flushed_at < now() - interval '1 day')",
      says: "usage_hits: policy outlived does not bind to an age",
    },
    { does: "GRANT UPDATE (name) ON app.tenants TO app_auth", says: "tenants: app_auth may UPDATE" },
    {
      does: "GRANT SELECT ON app.usage_events_default TO app_rw",
      says: "usage_events_default: a partition is granted",
    },
    { does: "GRANT SELECT ON app.plans TO PUBLIC", says: "plans: granted to PUBLIC" },
    { does: "ALTER TABLE app.plans OWNER TO app_ops", says: "plans: app_ops owns it" },
    { does: "ALTER ROLE app_ops BYPASSRLS", says: "app_ops: is superuser, passes row-level security by" },
    { does: "GRANT pg_read_all_data TO app_rw", says: "app_rw: is a member of pg_read_all_data" },
    { does: "ALTER TABLE app.api_keys ADD UNIQUE (digest)", says: "does not begin with the tenant" },
    {
      does: "ALTER FUNCTION app.current_tenant() SECURITY DEFINER",
      says: "current_tenant: a function with its owner's",
    },
    {
      does: "GRANT EXECUTE ON FUNCTION app.create_usage_month TO PUBLIC",
      says: "create_usage_month: PUBLIC may execute",
    },
    { does: "ALTER FUNCTION app.current_key() VOLATILE", says: "current_key: a policy calls it and it is not STABLE" },
    {
      does: "CREATE VIEW app.everything AS SELECT * FROM app.tenants",
      says: "everything: a view with its owner's rights",
    },
    { does: "GRANT USAGE ON SCHEMA public TO PUBLIC", says: "PUBLIC may use schema public" },
  ])("$does", async ({ does, says }) => {
    await database.owner.query("BEGIN");
    try {
      await database.owner.query(does);
      expect((await lintCatalogue(database.owner)).join("\n")).toContain(says);
    } finally {
      await database.owner.query("ROLLBACK");
    }
  });
});
