-- Catches what no month was made for, so that an early or a very late event is kept and not refused.
CREATE TABLE app.usage_events_default PARTITION OF app.usage_events DEFAULT;
--> statement-breakpoint
-- A partition reached by its own name is not bound by its parent's policies: without a policy of its own it answers nobody.
ALTER TABLE app.usage_events_default ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE app.usage_events_default FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
-- Makes the partition of the UTC month that holds the day; does nothing when it is there. Rows of that month that wait in the default
-- partition move with it, for PostgreSQL refuses a partition whose rows the default one holds.
CREATE FUNCTION app.create_usage_month(day date) RETURNS void
  LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
  first_day timestamp := date_trunc('month', day::timestamp);
  starts_at timestamptz := first_day AT TIME ZONE 'UTC';
  ends_at timestamptz := (first_day + interval '1 month') AT TIME ZONE 'UTC';
  partition text := 'usage_events_' || to_char(first_day, 'YYYY_MM');
BEGIN
  IF to_regclass('app.' || partition) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE app.%I (LIKE app.usage_events INCLUDING ALL)', partition);
  -- FORCE binds the owner too, who would move nothing: it is off within this transaction, under the lock that ATTACH takes anyway.
  ALTER TABLE app.usage_events_default NO FORCE ROW LEVEL SECURITY;
  EXECUTE format(
    'WITH moved AS (DELETE FROM app.usage_events_default WHERE occurred_at >= %L AND occurred_at < %L RETURNING *)
     INSERT INTO app.%I SELECT * FROM moved', starts_at, ends_at, partition);
  ALTER TABLE app.usage_events_default FORCE ROW LEVEL SECURITY;
  EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
  EXECUTE format('ALTER TABLE app.usage_events ATTACH PARTITION app.%I FOR VALUES FROM (%L) TO (%L)',
    partition, starts_at, ends_at);
END
$$;
