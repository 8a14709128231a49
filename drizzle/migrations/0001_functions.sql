-- Nobody runs a function of ours unless it is granted: PostgreSQL grants EXECUTE to PUBLIC by itself.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.uuid7_time(uuid) FROM PUBLIC;
--> statement-breakpoint
-- The tenant of this transaction, null when none was set. A setting made with set_config(..., true) reads as '' after its transaction has
-- ended, not as null, and '' is no uuid: NULLIF makes both "nobody". STABLE and called in a sub-select, it runs once per statement.
CREATE FUNCTION app.current_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN NULLIF(current_setting('app.tenant_id', true), '')::uuid;
--> statement-breakpoint
-- The public id of the gateway key that is being identified, null when none was set.
CREATE FUNCTION app.current_key() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN NULLIF(current_setting('app.key_id', true), '');
