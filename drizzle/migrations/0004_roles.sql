-- Roles belong to the whole server: another database may have made them already. Passwords are set outside migrations.
--   app_rw    one tenant, the one in app.tenant_id
--   app_auth  one gateway key, the one in app.key_id, and what identifying it needs
--   app_ops   the operator and the clock, by narrow policies
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['app_rw', 'app_auth', 'app_ops'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I LOGIN NOBYPASSRLS NOINHERIT', role_name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      IF EXISTS (SELECT FROM pg_roles WHERE rolname = role_name AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'role % exists and passes row-level security by: drop it or make it NOSUPERUSER NOBYPASSRLS', role_name;
      END IF;
    END;
  END LOOP;
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
--> statement-breakpoint
REVOKE ALL ON SCHEMA public FROM PUBLIC;
--> statement-breakpoint
GRANT USAGE ON SCHEMA app TO app_rw, app_auth, app_ops;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.current_tenant(), app.uuid7_time(uuid) TO app_rw;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.current_key() TO app_auth;
--> statement-breakpoint
-- A tenant's own connection names and switches; what it may spend (plan, quota, status) is not its to write.
GRANT SELECT, UPDATE (name, key_mode, cache_scope, active_upstream_key_id, tiklive_key_last4) ON app.tenants TO app_rw;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON app.tenant_users TO app_rw;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (revoked_at) ON app.api_keys TO app_rw;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (status, download_tier, kek_version, wrap_iv, wrapped_key) ON app.upstream_keys TO app_rw;
--> statement-breakpoint
-- Events and hits are books: written once, never rewritten.
GRANT SELECT, INSERT ON app.usage_events, app.usage_hits TO app_rw;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON app.usage_daily_rollup TO app_rw;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON app.tiktok_user_snapshots TO app_rw;
--> statement-breakpoint
GRANT SELECT ON app.plans TO app_rw, app_auth, app_ops;
--> statement-breakpoint
GRANT SELECT ON app.api_keys, app.tenants, app.upstream_keys TO app_auth;
--> statement-breakpoint
GRANT SELECT, INSERT ON app.dead_messages TO app_ops;
