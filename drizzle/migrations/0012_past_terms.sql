CREATE TABLE "app"."past_terms" (
	"tenant_id" uuid NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"plan" text NOT NULL,
	"trial_ends_at" timestamp with time zone,
	CONSTRAINT "past_terms_tenant_id_until_pk" PRIMARY KEY("tenant_id","until")
);
--> statement-breakpoint
-- By hand from here on: drizzle has no word for it.
ALTER TABLE app.past_terms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY own_tenant ON app.past_terms TO app_rw
  USING (tenant_id = (SELECT app.current_tenant())) WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
GRANT SELECT ON app.past_terms TO app_rw;
--> statement-breakpoint
-- The operator changes plans and trials, and with them writes down what they were: never again, and never otherwise.
CREATE POLICY tenant_acted_on ON app.past_terms FOR INSERT TO app_ops WITH CHECK (tenant_id = (SELECT app.current_tenant()));
--> statement-breakpoint
GRANT INSERT ON app.past_terms TO app_ops;
