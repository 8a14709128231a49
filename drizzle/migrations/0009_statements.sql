CREATE TABLE "app"."invoices" (
	"tenant_id" uuid NOT NULL,
	"month" date NOT NULL,
	"number" integer NOT NULL,
	"document" jsonb NOT NULL,
	"checksum" text NOT NULL,
	"closed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "invoices_tenant_id_month_pk" PRIMARY KEY("tenant_id","month"),
	CONSTRAINT "invoices_number_once" UNIQUE("tenant_id","number"),
	CONSTRAINT "invoices_month_check" CHECK (extract(day FROM "app"."invoices"."month") = 1),
	CONSTRAINT "invoices_checksum_check" CHECK ("app"."invoices"."checksum" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "app"."key_readings" (
	"id" uuid PRIMARY KEY NOT NULL,
	"upstream_key_id" text NOT NULL,
	"balance" bigint NOT NULL,
	"bought" bigint NOT NULL,
	"read_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "key_readings_one_at_a_time" UNIQUE("upstream_key_id","read_at"),
	CONSTRAINT "key_readings_of_platform" CHECK ("app"."key_readings"."upstream_key_id" ~ '^platform-[0-9a-f]{8}$'),
	CONSTRAINT "key_readings_credits_check" CHECK ("app"."key_readings"."balance" >= 0 AND "app"."key_readings"."bought" >= 0)
);
--> statement-breakpoint
CREATE INDEX "usage_events_of_platform_keys" ON "app"."usage_events" USING btree ("upstream_key_id","occurred_at") WHERE "app"."usage_events"."upstream_key_id" LIKE 'platform-%';
--> statement-breakpoint
-- By hand from here on: drizzle has no word for it. Invoices are append-only like the audit log: by grants, and for the owner by a trigger.
ALTER TABLE app.invoices ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY own_tenant ON app.invoices TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
GRANT SELECT, INSERT ON app.invoices TO app_rw;
--> statement-breakpoint
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON app.invoices
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
--> statement-breakpoint
ALTER TABLE app.invoices ENABLE ALWAYS TRIGGER append_only;
--> statement-breakpoint
-- The clock finds what is to be closed, of all tenants: which months are, and nothing of what they cost.
CREATE POLICY closed_months ON app.invoices FOR SELECT TO app_ops USING (true);
--> statement-breakpoint
GRANT SELECT (tenant_id, month) ON app.invoices TO app_ops;
--> statement-breakpoint
-- Readings are the platform's: no tenant's connection has a way to them.
ALTER TABLE app.key_readings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY of_platform ON app.key_readings TO app_ops
  USING (upstream_key_id LIKE 'platform-%') WITH CHECK (upstream_key_id LIKE 'platform-%');
--> statement-breakpoint
GRANT SELECT, INSERT ON app.key_readings TO app_ops;
--> statement-breakpoint
-- What the platform's keys spent, over all tenants: times and credits, and nothing of who asked for what.
CREATE POLICY spent_on_platform_keys ON app.usage_events FOR SELECT TO app_ops USING (upstream_key_id LIKE 'platform-%');
--> statement-breakpoint
GRANT SELECT (upstream_key_id, occurred_at, credits_charged, credits_in_doubt) ON app.usage_events TO app_ops;
