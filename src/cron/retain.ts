import type { Log } from "../core/ports.ts";
import type { DoneTable, Retention, UsageTable } from "../core/upkeep-ports.ts";

export type RetainPorts = {
  readonly retention: Retention;
  /** How long usage is kept, and the figures beside it, days. The rollup, invoices and the audit log are kept for good. */
  readonly retainUsageDays: number;
  /** How long webhooks' events and dead messages are kept when they are done with, and what hashtags counted, days. */
  readonly retainEventsDays: number;
  readonly log: Log;
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const USAGE: readonly UsageTable[] = ["usage_events", "usage_hits", "key_usage_daily", "latency_daily"];
/** Deliveries before the events that they are of. */
const DONE: readonly DoneTable[] = ["webhook_deliveries", "webhook_events", "dead_messages", "hashtag_history"];

/** What one run takes on of each table, statements: an invocation has 1,000 requests for all jobs. */
const MOST_SLICES = 30;
const MOST_BATCHES = 10;
const BATCH = 1_000;

/** A statement has to end before anybody stops waiting for it. */
const MANY_ROWS = 10_000;

/** Deletes what has outlived its time, bit by bit. Rests for a day once nothing is left, and goes on in a minute when something is. */
export async function retain(ports: RetainPorts): Promise<number> {
  const left: boolean[] = [];
  for (const table of USAGE) left.push(await deleteUsage(ports, table));
  for (const table of DONE) left.push(await deleteDone(ports, table));
  await ports.retention.deleteOutcomes();
  return left.includes(true) ? 0 : DAY_MS;
}

/** Oldest first, a slice of time at a time; where there is none, on from the next there is. Whether something is left. */
async function deleteUsage(
  { retention, retainUsageDays: days, log }: RetainPorts,
  table: UsageTable,
): Promise<boolean> {
  let [sliceMs, deleted] = [MINUTE_MS, 0];
  let left = await retention.outlived(table, days);
  for (let slice = 0; slice < MOST_SLICES && left !== undefined; slice += 1) {
    const untilMs = left.oldestMs + sliceMs;
    const rows = await retention.deleteUsage(table, days, untilMs);
    deleted += rows;
    sliceMs = nextSliceMs(sliceMs, rows);
    const goesOn = rows > 0 && untilMs < left.beforeMs;
    left = goesOn ? { ...left, oldestMs: untilMs } : await retention.outlived(table, days);
  }
  if (deleted > 0) log.info("usage-outlived", { table, rows: deleted });
  return left !== undefined;
}

/** Nobody knows how much usage a time has: slices grow while they hold little, and shrink when they hold much. */
function nextSliceMs(sliceMs: number, rows: number): number {
  return rows > MANY_ROWS ? Math.max(1_000, sliceMs / 4) : Math.min(DAY_MS, sliceMs * 2);
}

async function deleteDone({ retention, retainEventsDays: days }: RetainPorts, table: DoneTable): Promise<boolean> {
  for (let batch = 0; batch < MOST_BATCHES; batch += 1)
    if ((await retention.deleteDone(table, days, BATCH)) < BATCH) return false;
  return true;
}
