CREATE TABLE "app"."key_usage_daily" (
	"tenant_id" uuid NOT NULL,
	"day" date NOT NULL,
	"key_id" text NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	"credits_charged" bigint DEFAULT 0 NOT NULL,
	"credits_in_doubt" bigint DEFAULT 0 NOT NULL,
	"hits" bigint DEFAULT 0 NOT NULL,
	"credits_saved" bigint DEFAULT 0 NOT NULL,
	"credits_on_own_key" bigint DEFAULT 0 NOT NULL,
	"hits_memory" bigint DEFAULT 0 NOT NULL,
	"hits_colo" bigint DEFAULT 0 NOT NULL,
	"hits_redis" bigint DEFAULT 0 NOT NULL,
	"hits_joined" bigint DEFAULT 0 NOT NULL,
	"hits_stale" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "key_usage_daily_tenant_id_day_key_id_pk" PRIMARY KEY("tenant_id","day","key_id")
);
--> statement-breakpoint
CREATE TABLE "app"."latency_daily" (
	"tenant_id" uuid NOT NULL,
	"day" date NOT NULL,
	"tier" text NOT NULL,
	"bucket" integer NOT NULL,
	"requests" bigint NOT NULL,
	CONSTRAINT "latency_daily_tenant_id_day_tier_bucket_pk" PRIMARY KEY("tenant_id","day","tier","bucket"),
	CONSTRAINT "latency_daily_counts_check" CHECK ("app"."latency_daily"."bucket" >= 0 AND "app"."latency_daily"."requests" >= 0)
);

--> statement-breakpoint
-- By hand from here on: drizzle has no word for it.
ALTER TABLE app.key_usage_daily ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE app.latency_daily ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY own_tenant ON app.key_usage_daily TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
CREATE POLICY own_tenant ON app.latency_daily TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON app.key_usage_daily, app.latency_daily TO app_rw;
