ALTER TABLE "app"."usage_daily_rollup" ADD COLUMN "credits_on_own_key" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
-- By hand from here on: what was booked before is told apart by the events that are kept. FORCE hides them from the owner, who would fill
-- nothing: it is off within this transaction.
ALTER TABLE app.usage_events NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE app.usage_daily_rollup NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
UPDATE app.usage_daily_rollup r SET credits_on_own_key = own.credits FROM (
  SELECT tenant_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, endpoint, sum(credits_charged) AS credits
  FROM app.usage_events WHERE upstream_key_id NOT LIKE 'platform-%' GROUP BY 1, 2, 3) AS own
WHERE (r.tenant_id, r.day, r.endpoint) = (own.tenant_id, own.day, own.endpoint);
--> statement-breakpoint
ALTER TABLE app.usage_daily_rollup FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE app.usage_events FORCE ROW LEVEL SECURITY;
