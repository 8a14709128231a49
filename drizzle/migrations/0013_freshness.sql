ALTER TABLE "app"."tenants" ADD COLUMN "windows" jsonb DEFAULT '{}'::jsonb NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."tenants" ADD COLUMN "purged_at" timestamp with time zone;
--> statement-breakpoint
ALTER TABLE "app"."usage_daily_rollup" ADD COLUMN "hits_memory" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."usage_daily_rollup" ADD COLUMN "hits_colo" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."usage_daily_rollup" ADD COLUMN "hits_redis" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."usage_daily_rollup" ADD COLUMN "hits_joined" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."usage_daily_rollup" ADD COLUMN "hits_stale" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."usage_hits" ADD COLUMN "hits_memory" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."usage_hits" ADD COLUMN "hits_colo" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."usage_hits" ADD COLUMN "hits_redis" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."usage_hits" ADD COLUMN "hits_joined" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."usage_hits" ADD COLUMN "hits_stale" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."tenants" ADD CONSTRAINT "tenants_windows_check" CHECK (jsonb_typeof("app"."tenants"."windows") = 'object');
--> statement-breakpoint
ALTER TABLE "app"."usage_hits" ADD CONSTRAINT "usage_hits_tiers_check" CHECK (least("app"."usage_hits"."hits_memory", "app"."usage_hits"."hits_colo", "app"."usage_hits"."hits_redis", "app"."usage_hits"."hits_joined", "app"."usage_hits"."hits_stale") >= 0
        AND "app"."usage_hits"."hits_memory" + "app"."usage_hits"."hits_colo" + "app"."usage_hits"."hits_redis" + "app"."usage_hits"."hits_joined" + "app"."usage_hits"."hits_stale" <= "app"."usage_hits"."hits");
--> statement-breakpoint
-- By hand: a tenant chooses and purges for itself, and an operator does it for one as that tenant.
GRANT UPDATE (windows, purged_at) ON app.tenants TO app_rw;
