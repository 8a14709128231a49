CREATE TABLE "app"."webhook_deliveries" (
	"tenant_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"webhook_id" uuid NOT NULL,
	"event_tenant_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	"event" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_status" integer,
	"due_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"delivered_at" timestamp with time zone,
	CONSTRAINT "webhook_deliveries_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "webhook_deliveries_once" UNIQUE("tenant_id","event_tenant_id","event_id","webhook_id"),
	CONSTRAINT "webhook_deliveries_status_check" CHECK ("app"."webhook_deliveries"."status" IN ('pending', 'delivered', 'dead')),
	CONSTRAINT "webhook_deliveries_delivered_check" CHECK (("app"."webhook_deliveries"."status" = 'delivered') = ("app"."webhook_deliveries"."delivered_at" IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "app"."webhooks" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"url" text NOT NULL,
	"events" text[] NOT NULL,
	"kek_version" integer NOT NULL,
	"wrap_iv" "bytea" NOT NULL,
	"wrapped_key" "bytea" NOT NULL,
	"iv" "bytea" NOT NULL,
	"ciphertext" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "webhooks_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "webhooks_deleted_is_erased" CHECK (("app"."webhooks"."deleted_at" IS NOT NULL) = (octet_length("app"."webhooks"."wrap_iv" || "app"."webhooks"."wrapped_key" || "app"."webhooks"."iv" || "app"."webhooks"."ciphertext") = 0))
);
--> statement-breakpoint
ALTER TABLE "app"."webhook_events" ADD COLUMN "announced_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "app"."webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_fk" FOREIGN KEY ("tenant_id","webhook_id") REFERENCES "app"."webhooks"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due" ON "app"."webhook_deliveries" USING btree ("due_at") WHERE "app"."webhook_deliveries"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "webhook_events_unannounced" ON "app"."webhook_events" USING btree ("created_at") WHERE "app"."webhook_events"."announced_at" IS NULL;--> statement-breakpoint
-- By hand from here on: drizzle has no word for it. The platform's own webhooks stand under the nil UUID and are reached like a tenant's.
DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['webhooks', 'webhook_deliveries'] LOOP
    EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY own_tenant ON app.%I TO app_rw
      USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()))', table_name);
  END LOOP;
END
$$;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (deleted_at, kek_version, wrap_iv, wrapped_key, iv, ciphertext) ON app.webhooks TO app_rw;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (status, attempts, last_status, due_at, delivered_at) ON app.webhook_deliveries TO app_rw;
--> statement-breakpoint
GRANT UPDATE (announced_at) ON app.webhook_events TO app_rw;
--> statement-breakpoint
-- The clock finds what no message carries any more, in all tenants: ids and times, and nothing of what is told or to whom.
CREATE POLICY unannounced ON app.webhook_events FOR SELECT TO app_ops USING (announced_at IS NULL);
--> statement-breakpoint
GRANT SELECT (tenant_id, id, created_at, announced_at) ON app.webhook_events TO app_ops;
--> statement-breakpoint
CREATE POLICY undelivered ON app.webhook_deliveries FOR SELECT TO app_ops USING (status = 'pending');
--> statement-breakpoint
GRANT SELECT (event_tenant_id, event_id, status, due_at) ON app.webhook_deliveries TO app_ops;
--> statement-breakpoint
-- The rotation of the wrapping key goes through all tenants, as it does with their upstream keys; it writes one tenant at a time, and so
-- does the end of a tenant.
CREATE POLICY sealed_secrets ON app.webhooks FOR SELECT TO app_ops USING (deleted_at IS NULL);
--> statement-breakpoint
CREATE POLICY tenant_acted_on ON app.webhooks TO app_ops
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
GRANT SELECT (tenant_id, id, kek_version, wrap_iv, wrapped_key, iv, ciphertext, deleted_at),
  UPDATE (kek_version, wrap_iv, wrapped_key, iv, ciphertext, deleted_at) ON app.webhooks TO app_ops;
