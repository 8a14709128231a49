-- ENABLE binds everybody but the owner, FORCE the owner too. A table without a fitting policy answers nobody.
DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['plans', 'tenants', 'tenant_users', 'api_keys', 'upstream_keys', 'usage_events',
                                    'usage_daily_rollup', 'usage_hits', 'tiktok_user_snapshots', 'dead_messages'] LOOP
    EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
  END LOOP;
END
$$;
--> statement-breakpoint
-- One policy for all commands: what a command may be is said by the grants. USING hides other tenants' rows, WITH CHECK refuses to write them.
CREATE POLICY own_tenant ON app.tenants TO app_rw
  USING (id = (SELECT app.current_tenant())) WITH CHECK (id = (SELECT app.current_tenant()));
--> statement-breakpoint
CREATE POLICY own_tenant ON app.tenant_users TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
CREATE POLICY own_tenant ON app.api_keys TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
CREATE POLICY own_tenant ON app.upstream_keys TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
CREATE POLICY own_tenant ON app.usage_events TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
CREATE POLICY own_tenant ON app.usage_daily_rollup TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
CREATE POLICY own_tenant ON app.usage_hits TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
CREATE POLICY own_tenant ON app.tiktok_user_snapshots TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
-- Plans are the same for everybody who may know a tenant.
CREATE POLICY price_list ON app.plans FOR SELECT TO app_rw, app_ops USING (true);
--> statement-breakpoint
-- app_auth sees one key by its id, and through it one tenant, its plan and its upstream key in use: each policy stands on the one before,
-- for the tables inside a policy are read with the reader's own policies.
CREATE POLICY one_key ON app.api_keys FOR SELECT TO app_auth USING (id = (SELECT app.current_key()));
--> statement-breakpoint
CREATE POLICY tenant_of_key ON app.tenants FOR SELECT TO app_auth USING (id IN (SELECT tenant_id FROM app.api_keys));
--> statement-breakpoint
CREATE POLICY plan_of_key ON app.plans FOR SELECT TO app_auth USING (name IN (SELECT plan FROM app.tenants));
--> statement-breakpoint
CREATE POLICY upstream_key_of_key ON app.upstream_keys FOR SELECT TO app_auth
  USING (status = 'active' AND (tenant_id, id) IN (SELECT t.id, t.active_upstream_key_id FROM app.tenants t));
--> statement-breakpoint
CREATE POLICY bury ON app.dead_messages FOR INSERT TO app_ops WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY look_at ON app.dead_messages FOR SELECT TO app_ops USING (true);
