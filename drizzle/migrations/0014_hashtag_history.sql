CREATE TABLE "app"."hashtag_history" (
	"challenge_id" text NOT NULL,
	"day" date NOT NULL,
	"name" text NOT NULL,
	"users" bigint NOT NULL,
	"views" bigint NOT NULL,
	CONSTRAINT "hashtag_history_challenge_id_day_pk" PRIMARY KEY("challenge_id","day"),
	CONSTRAINT "hashtag_history_id_check" CHECK ("app"."hashtag_history"."challenge_id" ~ '^[1-9][0-9]{0,19}$'),
	CONSTRAINT "hashtag_history_counts_check" CHECK ("app"."hashtag_history"."users" >= 0 AND "app"."hashtag_history"."views" >= 0)
);
--> statement-breakpoint
CREATE INDEX "hashtag_history_by_day" ON "app"."hashtag_history" USING btree ("day");
--> statement-breakpoint
-- By hand from here on: drizzle has no word for it. The rows are of no tenant, and the operator's role notes, reads and forgets them.
ALTER TABLE app.hashtag_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY public_data ON app.hashtag_history FOR SELECT TO app_ops USING (true);
--> statement-breakpoint
CREATE POLICY noted ON app.hashtag_history FOR INSERT TO app_ops WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY outlived ON app.hashtag_history FOR DELETE TO app_ops USING (day < now() - interval '32 days');
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON app.hashtag_history TO app_ops;
