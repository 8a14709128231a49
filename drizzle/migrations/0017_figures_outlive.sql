CREATE INDEX "key_usage_daily_by_day" ON "app"."key_usage_daily" USING brin ("day");
--> statement-breakpoint
CREATE INDEX "latency_daily_by_day" ON "app"."latency_daily" USING brin ("day");
--> statement-breakpoint
-- By hand from here on: drizzle has no word for it. These figures are no books, and go with the usage that they are counted beside.
CREATE POLICY outlived_seen ON app.key_usage_daily FOR SELECT TO app_ops USING (day < now() - interval '66 days');
--> statement-breakpoint
CREATE POLICY outlived ON app.key_usage_daily FOR DELETE TO app_ops USING (day < now() - interval '66 days');
--> statement-breakpoint
GRANT SELECT (day), DELETE ON app.key_usage_daily TO app_ops;
--> statement-breakpoint
CREATE POLICY outlived_seen ON app.latency_daily FOR SELECT TO app_ops USING (day < now() - interval '66 days');
--> statement-breakpoint
CREATE POLICY outlived ON app.latency_daily FOR DELETE TO app_ops USING (day < now() - interval '66 days');
--> statement-breakpoint
GRANT SELECT (day), DELETE ON app.latency_daily TO app_ops;
