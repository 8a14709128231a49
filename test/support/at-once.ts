import type { Client } from "pg";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";

/**
 * Runs acts truly at once: rows are held by `lock` until every act has begun and waits, so each has its view of things from before the
 * others, unless something keeps them apart.
 */
export async function atOnce<Result>(
  owner: Client,
  lock: string,
  acts: readonly (() => Promise<Result>)[],
): Promise<Result[]> {
  await owner.query("BEGIN");
  await owner.query(lock);
  const running = Promise.all(acts.map((act) => act()));
  await eventually(async () => {
    // Within a transaction PostgreSQL shows the activity as it was when first asked.
    await owner.query("SELECT pg_stat_clear_snapshot()");
    const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    expect((await owner.query(waiting)).rowCount).toBe(acts.length);
  });
  await owner.query("ROLLBACK");
  return running;
}
