-- The web origin that a browser asks for, null when none was set.
CREATE FUNCTION app.current_origin() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN NULLIF(current_setting('app.origin', true), '');
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.current_origin() TO app_auth;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.current_tenant() TO app_ops;
--> statement-breakpoint
-- Grants say nothing to the owner and to superusers; a trigger does. ALWAYS: also while a replica applies, when others are silent.
CREATE FUNCTION app.refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
--> statement-breakpoint
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON app.audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
--> statement-breakpoint
ALTER TABLE app.audit_log ENABLE ALWAYS TRIGGER append_only;
--> statement-breakpoint
DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['audit_log', 'idempotency_keys', 'webhook_events'] LOOP
    EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY own_tenant ON app.%I TO app_rw
      USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()))', table_name);
  END LOOP;
END
$$;
--> statement-breakpoint
GRANT SELECT, INSERT ON app.audit_log, app.webhook_events TO app_rw;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON app.idempotency_keys TO app_rw;
--> statement-breakpoint
GRANT UPDATE (fell_back_at) ON app.tenants TO app_rw;
--> statement-breakpoint
GRANT UPDATE (expires_at, last_used_on, replaced_by) ON app.api_keys TO app_rw;
--> statement-breakpoint
GRANT UPDATE (iv, ciphertext, retires_at, reason) ON app.upstream_keys TO app_rw;
--> statement-breakpoint
-- A browser asks before it sends its key: then all that is known is its origin.
CREATE POLICY keys_of_origin ON app.api_keys FOR SELECT TO app_auth
  USING (kind = 'publishable' AND origins @> ARRAY[(SELECT app.current_origin())]
    AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()));
--> statement-breakpoint
-- The operator sees all tenants and writes one: the one in app.tenant_id.
CREATE POLICY every_tenant ON app.tenants FOR SELECT TO app_ops USING (true);
--> statement-breakpoint
CREATE POLICY tenant_acted_on ON app.tenants TO app_ops
  USING (id = (SELECT app.current_tenant())) WITH CHECK (id = (SELECT app.current_tenant()));
--> statement-breakpoint
GRANT SELECT, INSERT ON app.tenants TO app_ops;
--> statement-breakpoint
GRANT UPDATE (name, plan, key_mode, status, region, cache_scope, monthly_quota, active_upstream_key_id, tiklive_key_last4,
              on_invalid_key, trial_ends_at, fell_back_at, deleted_at) ON app.tenants TO app_ops;
--> statement-breakpoint
-- Of what ends with a tenant or its plan the operator reads no more than it takes to end it: no digest.
CREATE POLICY tenant_acted_on ON app.api_keys TO app_ops
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
GRANT SELECT (tenant_id, id, revoked_at), UPDATE (revoked_at) ON app.api_keys TO app_ops;
--> statement-breakpoint
CREATE POLICY tenant_acted_on ON app.tiktok_user_snapshots TO app_ops
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
GRANT SELECT (tenant_id), DELETE ON app.tiktok_user_snapshots TO app_ops;
--> statement-breakpoint
CREATE POLICY tenant_acted_on ON app.upstream_keys TO app_ops
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
-- The rotation of the wrapping key goes through all tenants; what it reads is sealed, and it writes one tenant at a time.
CREATE POLICY sealed_keys ON app.upstream_keys FOR SELECT TO app_ops USING (status IN ('pending', 'active'));
--> statement-breakpoint
GRANT SELECT, UPDATE (status, kek_version, wrap_iv, wrapped_key, iv, ciphertext, retires_at, reason) ON app.upstream_keys TO app_ops;
--> statement-breakpoint
-- The operator's acts on a tenant are in that tenant's log; outcomes of the operator's requests are the platform's, which stands under the nil
-- UUID: no tenant can have it.
CREATE POLICY acted_on ON app.audit_log TO app_ops
  USING (tenant_id IN ((SELECT app.current_tenant()), '00000000-0000-0000-0000-000000000000'))
  WITH CHECK (tenant_id IN ((SELECT app.current_tenant()), '00000000-0000-0000-0000-000000000000'));
--> statement-breakpoint
GRANT SELECT, INSERT ON app.audit_log TO app_ops;
--> statement-breakpoint
CREATE POLICY acted_on ON app.idempotency_keys TO app_ops
  USING (tenant_id IN ((SELECT app.current_tenant()), '00000000-0000-0000-0000-000000000000'))
  WITH CHECK (tenant_id IN ((SELECT app.current_tenant()), '00000000-0000-0000-0000-000000000000'));
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON app.idempotency_keys TO app_ops;
