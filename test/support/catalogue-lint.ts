import type { Client } from "pg";

/** One rule a query: a row is a violation, in words. `tenant_column` is where a table says whose a row is. */
const rules: readonly string[] = [
  `SELECT format('%s: row-level security is not enabled and forced', relname) FROM relations
   WHERE relkind IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity)`,

  `SELECT format('%s: policy %s is for %s, not for one of the three roles', tablename, policyname, roles) FROM pg_policies
   WHERE schemaname = 'app' AND NOT roles <@ ARRAY['app_rw', 'app_auth', 'app_ops']::name[]`,

  `SELECT format('%s: policy %s lets app_rw past its own tenant', tablename, policyname)
   FROM pg_policies JOIN tenant_tables ON relname = tablename
   CROSS JOIN format('(%s = ( SELECT app.current_tenant() AS current_tenant))', tenant_column) AS own
   WHERE schemaname = 'app' AND 'app_rw' = ANY (roles)
     AND ((cmd <> 'INSERT' AND qual IS DISTINCT FROM own) OR (cmd IN ('ALL', 'INSERT', 'UPDATE') AND with_check IS DISTINCT FROM own))`,

  `SELECT format('%s: policy %s shows every row', tablename, policyname) FROM pg_policies
   WHERE schemaname = 'app' AND 'true' IN (qual, with_check)
     AND (tablename, policyname) NOT IN (('plans', 'price_list'), ('dead_messages', 'bury'), ('dead_messages', 'look_at'),
                                         ('tenants', 'every_tenant'), ('invoices', 'closed_months'), ('dead_messages', 'replay_or_drop'),
                                         ('hashtag_history', 'public_data'), ('hashtag_history', 'noted'))`,

  `SELECT format('%s: policy %s lets app_ops past the tenant acted on', tablename, policyname)
   FROM pg_policies JOIN tenant_tables ON relname = tablename
   CROSS JOIN format('(%s = ( SELECT app.current_tenant() AS current_tenant))', tenant_column) AS own
   CROSS JOIN format('(%s = ANY (ARRAY[( SELECT app.current_tenant() AS current_tenant), %L::uuid]))', tenant_column,
                     '00000000-0000-0000-0000-000000000000') AS own_or_platform
   WHERE schemaname = 'app' AND 'app_ops' = ANY (roles)
     AND ((cmd <> 'INSERT' AND qual NOT IN (own, own_or_platform))
       OR (cmd IN ('ALL', 'INSERT', 'UPDATE') AND coalesce(with_check, 'none') NOT IN (own, own_or_platform)))
     AND (tablename, policyname, cmd) NOT IN (('tenants', 'every_tenant', 'SELECT'), ('upstream_keys', 'sealed_keys', 'SELECT'),
       ('webhooks', 'sealed_secrets', 'SELECT'), ('webhook_events', 'unannounced', 'SELECT'),
       ('webhook_deliveries', 'undelivered', 'SELECT'), ('invoices', 'closed_months', 'SELECT'),
       ('usage_events', 'spent_on_platform_keys', 'SELECT'), ('usage_daily_rollup', 'spent_this_month', 'SELECT'),
       ('usage_events', 'unplaced', 'SELECT'))
     AND policyname NOT IN ('outlived_seen', 'outlived', 'outlived_only')`,

  // Of what has outlived its time the clock sees and deletes rows of all tenants, and the policy itself says how old they are.
  `SELECT format('%s: policy %s does not bind to an age', tablename, policyname) FROM pg_policies
   WHERE schemaname = 'app' AND policyname LIKE 'outlived%'
     AND (roles <> '{app_ops}' OR cmd NOT IN ('SELECT', 'DELETE') OR qual ~ ' OR ' OR qual !~ '< \\(now\\(\\) - ''[^'']+''::interval\\)\\)+$')`,

  `SELECT format('%s: %s may %s and it is append-only', relname, grantee, privilege) FROM privileges
   WHERE relname IN ('audit_log', 'invoices') AND privilege NOT IN ('SELECT', 'INSERT')`,

  // Before, for a statement, on UPDATE, DELETE or TRUNCATE (pg_trigger.h); A: also while a replica applies.
  `SELECT format('%s: no trigger refuses to change it', relname) FROM relations
   WHERE relname IN ('audit_log', 'invoices') AND NOT EXISTS (
     SELECT FROM pg_trigger WHERE tgrelid = relations.oid AND tgfoid = 'app.refuse_change'::regproc
       AND tgtype = 2 | 8 | 16 | 32 AND tgenabled = 'A')`,

  `SELECT format('%s: %s may %s and no policy says which rows', relname, grantee, privilege) FROM privileges
   WHERE relkind IN ('r', 'p') AND NOT EXISTS (
     SELECT FROM pg_policies WHERE schemaname = 'app' AND tablename = relname
       AND grantee = ANY (roles) AND cmd IN ('ALL', privilege))`,

  `SELECT format('%s: app_auth may %s', relname, privilege) FROM privileges WHERE grantee = 'app_auth' AND privilege <> 'SELECT'`,

  `SELECT format('%s: a partition is granted to %s', relname, grantee) FROM privileges WHERE relispartition`,

  `SELECT format('%s: granted to %s', relname, grantee) FROM privileges WHERE grantee NOT IN ('app_rw', 'app_auth', 'app_ops')`,

  `SELECT format('%s: %s owns it', relname, relowner::regrole) FROM relations
   WHERE relowner IN (SELECT oid FROM worker_roles)`,

  `SELECT format('%s: is superuser, passes row-level security by, or makes roles or databases', rolname) FROM worker_roles
   WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication`,

  `SELECT format('%s: is a member of %s', member::regrole, roleid::regrole) FROM pg_auth_members
   WHERE member IN (SELECT oid FROM worker_roles)`,

  `SELECT format('%s: unique key %s does not begin with the tenant', r.relname, i.relname)
   FROM tenant_tables r JOIN pg_index x ON x.indrelid = r.oid JOIN pg_class i ON i.oid = x.indexrelid
   JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = x.indkey[0]
   WHERE x.indisunique AND a.attname <> tenant_column AND i.relname NOT IN ('api_keys_pkey')`,

  `SELECT format('%s: a function with its owner''s rights', proname) FROM functions WHERE prosecdef`,

  `SELECT format('%s: PUBLIC may execute it', proname) FROM functions
   WHERE EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0)`,

  `SELECT DISTINCT format('%s: a policy calls it and it is not STABLE', proname)
   FROM functions JOIN pg_depend ON refobjid = functions.oid AND classid = 'pg_policy'::regclass WHERE provolatile <> 's'`,

  `SELECT format('%s: a view with its owner''s rights', relname) FROM relations
   WHERE relkind = 'm' OR (relkind = 'v' AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false))`,

  `SELECT 'PUBLIC may use schema ' || nspname FROM pg_namespace CROSS JOIN aclexplode(nspacl)
   WHERE nspname IN ('app', 'public') AND grantee = 0`,
];

const vocabulary = `
  WITH relations AS (SELECT * FROM pg_class WHERE relnamespace = 'app'::regnamespace),
  functions AS (SELECT * FROM pg_proc WHERE pronamespace = 'app'::regnamespace),
  worker_roles AS (SELECT * FROM pg_roles WHERE rolname IN ('app_rw', 'app_auth', 'app_ops')),
  tenant_tables AS (
    SELECT relations.*, attname AS tenant_column FROM relations JOIN pg_attribute ON attrelid = relations.oid
    WHERE relkind IN ('r', 'p') AND (attname = 'tenant_id' OR (relname = 'tenants' AND attname = 'id'))),
  acls AS (
    SELECT oid, relacl AS acl FROM relations
    UNION ALL SELECT attrelid, attacl FROM pg_attribute WHERE attrelid IN (SELECT oid FROM relations)),
  privileges AS (
    SELECT DISTINCT relname, relkind, relispartition, privilege_type AS privilege,
      CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END AS grantee
    FROM acls JOIN relations USING (oid) CROSS JOIN aclexplode(acl) AS granted WHERE granted.grantee <> relowner)`;

/** What in the catalogue would let a tenant see another's rows. An empty list is what every migration must leave behind. */
export async function lintCatalogue(client: Client): Promise<string[]> {
  const violations: string[] = [];
  for (const rule of rules) {
    const { rows } = await client.query<[string]>({ text: `${vocabulary} ${rule}`, rowMode: "array" });
    violations.push(...rows.map(([violation]) => violation));
  }
  return violations.toSorted();
}
