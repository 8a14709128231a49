/**
 * Who runs a job of the clock. A lease ends by the clock of Redis; whether its own may be over its holder tells by the isolate's. All throw when Redis
 * does not answer.
 */
export type Leases = {
  /** Those of these jobs that nobody has and that do not rest. Another may take one before it is taken. */
  free(jobs: readonly string[]): Promise<readonly string[]>;
  /** Nobody else has the job until its lease is given back or its time is over; nothing when somebody has it, or it rests. */
  take(job: string): Promise<JobLease | undefined>;
};

export type JobLease = {
  /** Nobody takes the job within the next `restMs`. One whose time is over may be another's by now, and is left alone. */
  giveBack(restMs: number): Promise<void>;
};

/** What the partitions of `usage_events` lack. */
export type PartitionGaps = {
  /** Of the current month and the three after it, those without a partition: `2026-11`. */
  readonly missing: readonly string[];
  /** Events that no month was made for; no more than 10,000 are counted. */
  readonly inDefault: number;
};

/** Throws `Unavailable` when Postgres does not answer. */
export type Partitions = { gaps(): Promise<PartitionGaps> };

/** Usage is deleted by the time it occurred at, what is counted by day with its day. */
export type UsageTable = "usage_events" | "usage_hits" | "key_usage_daily" | "latency_daily";
/** What is done with, and deleted by its age. */
export type DoneTable = "webhook_deliveries" | "webhook_events" | "dead_messages" | "hashtag_history";

/**
 * Deletes what has outlived its time, by Postgres' clock and never anything younger: the database refuses it. Throws `Unavailable` when
 * Postgres does not answer; what is deleted twice is deleted.
 */
export type Retention = {
  /** Between which times there is usage older than so many days, Unix milliseconds; nothing when there is none. */
  outlived(
    table: UsageTable,
    days: number,
  ): Promise<{ readonly oldestMs: number; readonly beforeMs: number } | undefined>;
  /** Deletes usage from before a time, of what is older than so many days; returns how many rows. */
  deleteUsage(table: UsageTable, days: number, beforeMs: number): Promise<number>;
  /** Deletes some of what is done with and older than so many days; returns how many rows. */
  deleteDone(table: DoneTable, days: number, limit: number): Promise<number>;
  /** Deletes the outcomes of requests that can no longer be repeated. */
  deleteOutcomes(): Promise<void>;
};
