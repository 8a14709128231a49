ALTER TABLE "app"."dead_messages" ADD COLUMN "entry_id" uuid DEFAULT uuidv7() NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."dead_messages" ADD COLUMN "replayed_at" timestamp with time zone;
--> statement-breakpoint
ALTER TABLE "app"."dead_messages" ADD COLUMN "replays" integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "app"."dead_messages" ADD COLUMN "dropped_at" timestamp with time zone;
--> statement-breakpoint
CREATE INDEX "usage_events_by_time" ON "app"."usage_events" USING brin ("occurred_at");
--> statement-breakpoint
CREATE INDEX "usage_hits_by_time" ON "app"."usage_hits" USING brin ("flushed_at");
--> statement-breakpoint
ALTER TABLE "app"."dead_messages" ADD CONSTRAINT "dead_messages_entry_id_unique" UNIQUE("entry_id");
--> statement-breakpoint
ALTER TABLE "app"."dead_messages" ADD CONSTRAINT "dead_messages_replays_check" CHECK (("app"."dead_messages"."replays" > 0) = ("app"."dead_messages"."replayed_at" IS NOT NULL));
--> statement-breakpoint
-- By hand from here on: drizzle has no word for it.
-- What the ledger's counters are held against: the sums of the current UTC month, of all tenants, and nothing of what was called.
CREATE POLICY spent_this_month ON app.usage_daily_rollup FOR SELECT TO app_ops
  USING (day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date);
--> statement-breakpoint
GRANT SELECT (tenant_id, day, credits_charged, credits_in_doubt) ON app.usage_daily_rollup TO app_ops;
--> statement-breakpoint
-- The operator replays a dead message or drops it: its row stays, and says so.
CREATE POLICY replay_or_drop ON app.dead_messages FOR UPDATE TO app_ops USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT UPDATE (replayed_at, replays, dropped_at) ON app.dead_messages TO app_ops;
--> statement-breakpoint
-- An event that no month was made for is looked for: that it is there, and nothing of what it is.
CREATE POLICY unplaced ON app.usage_events FOR SELECT TO app_ops USING (tableoid = 'app.usage_events_default'::regclass);
--> statement-breakpoint
-- The clock deletes what has outlived its time. How long that is, settings say; no setting, and no mistake in a statement, makes it shorter than
-- the policies do. 66 days: a month and the 35 days in which its usage may still come, for what is deleted could be counted a second time.
CREATE POLICY outlived_seen ON app.usage_events FOR SELECT TO app_ops USING (occurred_at < now() - interval '66 days');
--> statement-breakpoint
CREATE POLICY outlived ON app.usage_events FOR DELETE TO app_ops USING (occurred_at < now() - interval '66 days');
--> statement-breakpoint
GRANT SELECT (occurred_at, tableoid), DELETE ON app.usage_events TO app_ops;
--> statement-breakpoint
CREATE POLICY outlived_seen ON app.usage_hits FOR SELECT TO app_ops USING (flushed_at < now() - interval '66 days');
--> statement-breakpoint
CREATE POLICY outlived ON app.usage_hits FOR DELETE TO app_ops USING (flushed_at < now() - interval '66 days');
--> statement-breakpoint
GRANT SELECT (flushed_at), DELETE ON app.usage_hits TO app_ops;
--> statement-breakpoint
-- 32 days: longer than any month, whose thresholds are told once because their events are still there.
CREATE POLICY outlived_seen ON app.webhook_deliveries FOR SELECT TO app_ops
  USING (status <> 'pending' AND created_at < now() - interval '32 days');
--> statement-breakpoint
CREATE POLICY outlived ON app.webhook_deliveries FOR DELETE TO app_ops
  USING (status <> 'pending' AND created_at < now() - interval '32 days');
--> statement-breakpoint
GRANT SELECT (tenant_id, id, created_at), DELETE ON app.webhook_deliveries TO app_ops;
--> statement-breakpoint
CREATE POLICY outlived_seen ON app.webhook_events FOR SELECT TO app_ops
  USING (announced_at IS NOT NULL AND created_at < now() - interval '32 days');
--> statement-breakpoint
CREATE POLICY outlived ON app.webhook_events FOR DELETE TO app_ops
  USING (announced_at IS NOT NULL AND created_at < now() - interval '32 days');
--> statement-breakpoint
GRANT DELETE ON app.webhook_events TO app_ops;
--> statement-breakpoint
CREATE POLICY outlived ON app.dead_messages FOR DELETE TO app_ops
  USING (COALESCE(dropped_at, replayed_at) < now() - interval '32 days');
--> statement-breakpoint
GRANT DELETE ON app.dead_messages TO app_ops;
--> statement-breakpoint
-- Outcomes are deleted unseen, for what a tenant was answered is nothing to read here: a statement without conditions deletes what the policies
-- let it. The second one binds what the operator may delete of the tenant acted on, too.
CREATE POLICY outlived ON app.idempotency_keys FOR DELETE TO app_ops USING (created_at < now() - interval '24 hours');
--> statement-breakpoint
CREATE POLICY outlived_only ON app.idempotency_keys AS RESTRICTIVE FOR DELETE TO app_ops
  USING (created_at < now() - interval '24 hours');
