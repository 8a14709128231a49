import { sql } from "drizzle-orm";
import { bigint, check, date, index, primaryKey, text } from "drizzle-orm/pg-core";
import { app } from "./columns.ts";

/**
 * What the upstream said of a hashtag on a UTC day, once a day: the trend of a public page. Public data that belongs to no tenant, so there is
 * none in it.
 */
export const hashtagHistory = app.table(
  "hashtag_history",
  {
    challengeId: text("challenge_id").notNull(),
    day: date().notNull(),
    name: text().notNull(),
    users: bigint({ mode: "number" }).notNull(),
    views: bigint({ mode: "number" }).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.challengeId, t.day] }),
    index("hashtag_history_by_day").on(t.day),
    check("hashtag_history_id_check", sql`${t.challengeId} ~ '^[1-9][0-9]{0,19}$'`),
    check("hashtag_history_counts_check", sql`${t.users} >= 0 AND ${t.views} >= 0`),
  ],
);
