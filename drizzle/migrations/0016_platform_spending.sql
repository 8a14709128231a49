-- By hand: drizzle has no word for it. What the operator is shown of the current month's sums, beside what the counters are held against.
GRANT SELECT (calls, hits, credits_on_own_key, credits_saved) ON app.usage_daily_rollup TO app_ops;
