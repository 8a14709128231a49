CREATE TABLE "app"."audit_log" (
	"tenant_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"request_id" text NOT NULL,
	"detail" jsonb NOT NULL,
	CONSTRAINT "audit_log_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "audit_log_actor_kind_check" CHECK ("app"."audit_log"."actor_kind" IN ('operator', 'key', 'user', 'system'))
);
--> statement-breakpoint
CREATE TABLE "app"."idempotency_keys" (
	"tenant_id" uuid NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"status" integer NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_tenant_id_key_pk" PRIMARY KEY("tenant_id","key")
);
--> statement-breakpoint
CREATE TABLE "app"."webhook_events" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"type" text NOT NULL,
	"data" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "webhook_events_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD COLUMN "kind" text DEFAULT 'secret' NOT NULL;--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD COLUMN "name" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD COLUMN "endpoints" text[];--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD COLUMN "origins" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD COLUMN "daily_requests" integer;--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD COLUMN "last_used_on" date;--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD COLUMN "replaced_by" text;--> statement-breakpoint
-- By hand: rows that are there need a value, and FORCE hides them from the owner, who would fill none. It is off within this transaction.
ALTER TABLE "app"."plans" NO FORCE ROW LEVEL SECURITY, ADD COLUMN "own_key" boolean;--> statement-breakpoint
UPDATE "app"."plans" SET "own_key" = "name" <> 'free';--> statement-breakpoint
ALTER TABLE "app"."plans" FORCE ROW LEVEL SECURITY, ALTER COLUMN "own_key" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "app"."tenant_users" NO FORCE ROW LEVEL SECURITY, ADD COLUMN "subject" text;--> statement-breakpoint
UPDATE "app"."tenant_users" SET "subject" = "user_id"::text;--> statement-breakpoint
ALTER TABLE "app"."tenant_users" FORCE ROW LEVEL SECURITY, ALTER COLUMN "subject" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "app"."tenant_users" ADD COLUMN "created_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "app"."tenants" ADD COLUMN "on_invalid_key" text DEFAULT 'shared' NOT NULL;--> statement-breakpoint
ALTER TABLE "app"."tenants" ADD COLUMN "trial_ends_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "app"."tenants" ADD COLUMN "fell_back_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "app"."upstream_keys" ADD COLUMN "retires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "app"."upstream_keys" ADD COLUMN "reason" text;--> statement-breakpoint
CREATE INDEX "api_keys_origins_index" ON "app"."api_keys" USING gin ("origins");--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD CONSTRAINT "api_keys_kind_check" CHECK ("app"."api_keys"."kind" IN ('secret', 'publishable'));--> statement-breakpoint
ALTER TABLE "app"."api_keys" ADD CONSTRAINT "api_keys_daily_requests_check" CHECK ("app"."api_keys"."daily_requests" > 0);--> statement-breakpoint
ALTER TABLE "app"."tenants" ADD CONSTRAINT "tenants_on_invalid_key_check" CHECK ("app"."tenants"."on_invalid_key" IN ('shared', 'refuse'));--> statement-breakpoint
ALTER TABLE "app"."tenants" ADD CONSTRAINT "tenants_fell_back_is_shared" CHECK ("app"."tenants"."fell_back_at" IS NULL OR "app"."tenants"."key_mode" = 'shared');--> statement-breakpoint
ALTER TABLE "app"."upstream_keys" ADD CONSTRAINT "upstream_keys_usable_is_sealed" CHECK ("app"."upstream_keys"."status" NOT IN ('pending', 'active') OR least(octet_length("app"."upstream_keys"."wrap_iv"), octet_length("app"."upstream_keys"."wrapped_key"), octet_length("app"."upstream_keys"."iv"), octet_length("app"."upstream_keys"."ciphertext")) > 0);--> statement-breakpoint
ALTER TABLE "app"."upstream_keys" ADD CONSTRAINT "upstream_keys_retired_is_erased" CHECK ("app"."upstream_keys"."status" <> 'retired' OR octet_length("app"."upstream_keys"."wrap_iv" || "app"."upstream_keys"."wrapped_key" || "app"."upstream_keys"."iv" || "app"."upstream_keys"."ciphertext") = 0);