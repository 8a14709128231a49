import { sql } from "drizzle-orm";
import type { HashtagDay, HashtagHistory, RisingHashtag } from "../core/hashtag-history.ts";
import { asOperator, query, type Database } from "./neon-database.ts";

/** What hashtags counted, as `app_ops`. */
export function neonHashtagHistory(database: Database): HashtagHistory {
  return {
    async note({ id, day, name, users, views }) {
      await asOperator(database, null, [
        query(sql`INSERT INTO app.hashtag_history (challenge_id, day, name, users, views)
          VALUES (${id}, ${day}::date, ${name}, ${users}, ${views}) ON CONFLICT DO NOTHING`),
      ]);
    },
    async of(id, most) {
      const [{ rows }] = await asOperator(database, null, [
        query<HashtagDay>(sql`
          SELECT day::text, users::float8, views::float8 FROM app.hashtag_history
          WHERE challenge_id = ${id} ORDER BY hashtag_history.day DESC LIMIT ${most}`),
      ]);
      return rows.toReversed();
    },
    async rising(since, most) {
      const [{ rows }] = await asOperator(database, null, [
        query<RisingHashtag>(sql`
          WITH last AS (
            SELECT DISTINCT ON (challenge_id) * FROM app.hashtag_history WHERE day >= ${since}::date ORDER BY challenge_id, day DESC
          ), first AS (
            SELECT DISTINCT ON (challenge_id) * FROM app.hashtag_history WHERE day >= ${since}::date ORDER BY challenge_id, day
          )
          SELECT last.challenge_id AS id, last.name, last.day::text, last.users::float8, last.views::float8,
            CASE WHEN first.day < last.day THEN last.views::float8 / greatest(first.views, 1) END AS growth
          FROM last JOIN first USING (challenge_id)
          ORDER BY growth DESC NULLS LAST, last.users DESC, last.name LIMIT ${most}`),
      ]);
      return rows;
    },
  };
}
