-- What the ledger's counters are held against: the sums of the current UTC month, of all tenants, and nothing of what was called.
CREATE POLICY spent_this_month ON app.usage_daily_rollup FOR SELECT TO app_ops
  USING (day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date);
--> statement-breakpoint
GRANT SELECT (tenant_id, day, credits_charged, credits_in_doubt) ON app.usage_daily_rollup TO app_ops;
