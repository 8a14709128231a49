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
          SELECT id, names[noted] AS name, days[noted]::text AS day, users[noted]::float8 AS users, views[noted]::float8 AS views,
            CASE WHEN noted > 1 THEN views[noted]::float8 / greatest(views[1], 1) END AS growth
          FROM (
            SELECT challenge_id AS id, count(*)::integer AS noted, array_agg(day ORDER BY day) AS days, array_agg(name ORDER BY day) AS names,
              array_agg(h.users ORDER BY day) AS users, array_agg(h.views ORDER BY day) AS views
            FROM app.hashtag_history h WHERE day >= ${since}::date GROUP BY challenge_id
          ) AS known
          ORDER BY growth DESC NULLS LAST, known.users[noted] DESC, name LIMIT ${most}`),
      ]);
      return rows;
    },
  };
}
