CREATE SCHEMA "app";
--> statement-breakpoint
-- By hand: the CHECK of usage_events calls it, so it comes first. Null for an id that is no UUIDv7. uuid_extract_timestamp knows version 7
-- since PostgreSQL 18; older servers give null, and every insert is refused, which is louder than a wrong time.
CREATE FUNCTION app.uuid7_time(id uuid) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN uuid_extract_version(id) = 7 THEN uuid_extract_timestamp(id) END;
--> statement-breakpoint
CREATE TABLE "app"."api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" uuid NOT NULL,
	"digest" "bytea" NOT NULL,
	"pepper_version" integer NOT NULL,
	"permissions" text[] NOT NULL,
	"last4" text NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_id_check" CHECK ("app"."api_keys"."id" ~ '^[0-9A-Za-z]{12}$'),
	CONSTRAINT "api_keys_digest_check" CHECK (octet_length("app"."api_keys"."digest") = 32),
	CONSTRAINT "api_keys_permissions_check" CHECK ("app"."api_keys"."permissions" <@ ARRAY['data', 'refresh', 'manage'])
);
--> statement-breakpoint
CREATE TABLE "app"."dead_messages" (
	"id" text PRIMARY KEY NOT NULL,
	"queue" text NOT NULL,
	"reason" text NOT NULL,
	"body" json NOT NULL,
	"buried_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "app"."plans" (
	"name" text PRIMARY KEY NOT NULL,
	"burst_capacity" integer NOT NULL,
	"burst_refill_per_second" integer NOT NULL,
	"daily_quota" integer,
	"monthly_quota" integer,
	"monthly_price_cents" integer NOT NULL,
	"overage_cents_per_thousand_credits" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "app"."tenant_users" (
	"tenant_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	CONSTRAINT "tenant_users_tenant_id_user_id_pk" PRIMARY KEY("tenant_id","user_id"),
	CONSTRAINT "tenant_users_role_check" CHECK ("app"."tenant_users"."role" IN ('owner', 'admin', 'member'))
);
--> statement-breakpoint
CREATE TABLE "app"."tenants" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"plan" text NOT NULL,
	"key_mode" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"region" text DEFAULT 'default' NOT NULL,
	"cache_scope" text,
	"monthly_quota" integer,
	"active_upstream_key_id" uuid,
	"tiklive_key_last4" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "tenants_key_mode_check" CHECK ("app"."tenants"."key_mode" IN ('shared', 'byo')),
	CONSTRAINT "tenants_status_check" CHECK ("app"."tenants"."status" IN ('active', 'suspended')),
	CONSTRAINT "tenants_cache_scope_check" CHECK ("app"."tenants"."cache_scope" IN ('pool', 'tenant')),
	CONSTRAINT "tenants_byo_has_key" CHECK (("app"."tenants"."key_mode" = 'byo') = ("app"."tenants"."active_upstream_key_id" IS NOT NULL)),
	CONSTRAINT "tenants_last4_of_key" CHECK (("app"."tenants"."active_upstream_key_id" IS NULL) = ("app"."tenants"."tiklive_key_last4" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "app"."tiktok_user_snapshots" (
	"tenant_id" uuid NOT NULL,
	"sec_uid" text NOT NULL,
	"unique_id" text NOT NULL,
	"follower_count" bigint,
	"following_count" bigint,
	"heart_count" bigint,
	"video_count" bigint,
	"captured_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tiktok_user_snapshots_tenant_id_sec_uid_captured_at_pk" PRIMARY KEY("tenant_id","sec_uid","captured_at")
);
--> statement-breakpoint
CREATE TABLE "app"."upstream_keys" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"version" integer NOT NULL,
	"status" text NOT NULL,
	"last4" text NOT NULL,
	"download_tier" boolean NOT NULL,
	"kek_version" integer NOT NULL,
	"wrap_iv" "bytea" NOT NULL,
	"wrapped_key" "bytea" NOT NULL,
	"iv" "bytea" NOT NULL,
	"ciphertext" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "upstream_keys_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "upstream_keys_tenant_id_version_unique" UNIQUE("tenant_id","version"),
	CONSTRAINT "upstream_keys_status_check" CHECK ("app"."upstream_keys"."status" IN ('pending', 'active', 'retired', 'invalid'))
);
--> statement-breakpoint
CREATE TABLE "app"."usage_daily_rollup" (
	"tenant_id" uuid NOT NULL,
	"day" date NOT NULL,
	"endpoint" text NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	"credits_charged" bigint DEFAULT 0 NOT NULL,
	"credits_in_doubt" bigint DEFAULT 0 NOT NULL,
	"hits" bigint DEFAULT 0 NOT NULL,
	"credits_saved" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "usage_daily_rollup_tenant_id_day_endpoint_pk" PRIMARY KEY("tenant_id","day","endpoint")
);
--> statement-breakpoint
CREATE TABLE "app"."usage_events" (
	"tenant_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"endpoint" text NOT NULL,
	"status" integer NOT NULL,
	"outcome" text NOT NULL,
	"credits_charged" integer NOT NULL,
	"credits_in_doubt" integer NOT NULL,
	"request_id" text NOT NULL,
	"upstream_key_id" text NOT NULL,
	CONSTRAINT "usage_events_tenant_id_event_id_occurred_at_pk" PRIMARY KEY("tenant_id","event_id","occurred_at"),
	CONSTRAINT "usage_events_time_of_id" CHECK ("app"."usage_events"."occurred_at" IS NOT DISTINCT FROM app.uuid7_time("app"."usage_events"."event_id")),
	CONSTRAINT "usage_events_credits_check" CHECK ("app"."usage_events"."credits_charged" >= 0 AND "app"."usage_events"."credits_in_doubt" >= 0)
) PARTITION BY RANGE ("occurred_at"); -- By hand: drizzle has no word for it.
--> statement-breakpoint
CREATE TABLE "app"."usage_hits" (
	"tenant_id" uuid NOT NULL,
	"batch_id" uuid NOT NULL,
	"endpoint" text NOT NULL,
	"flushed_at" timestamp with time zone NOT NULL,
	"hits" bigint NOT NULL,
	"credits_saved" bigint NOT NULL,
	CONSTRAINT "usage_hits_tenant_id_batch_id_endpoint_pk" PRIMARY KEY("tenant_id","batch_id","endpoint"),
	CONSTRAINT "usage_hits_counts_check" CHECK ("app"."usage_hits"."hits" >= 0 AND "app"."usage_hits"."credits_saved" >= 0)
);
--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD CONSTRAINT "api_keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "app"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app"."tenant_users" ADD CONSTRAINT "tenant_users_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "app"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app"."tenants" ADD CONSTRAINT "tenants_plan_plans_name_fk" FOREIGN KEY ("plan") REFERENCES "app"."plans"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app"."tenants" ADD CONSTRAINT "tenants_active_upstream_key_fk" FOREIGN KEY ("id","active_upstream_key_id") REFERENCES "app"."upstream_keys"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app"."upstream_keys" ADD CONSTRAINT "upstream_keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "app"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_keys_tenant_id_index" ON "app"."api_keys" USING btree ("tenant_id");--> statement-breakpoint
CREATE UNIQUE INDEX "upstream_keys_one_active" ON "app"."upstream_keys" USING btree ("tenant_id") WHERE "app"."upstream_keys"."status" = 'active';--> statement-breakpoint
CREATE INDEX "usage_events_tenant_id_occurred_at_index" ON "app"."usage_events" USING btree ("tenant_id","occurred_at");