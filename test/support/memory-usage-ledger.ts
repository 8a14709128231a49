import type { Recording, UsageLedger } from "../../src/core/ports.ts";
import type { HitBatch, HitRow, UsageEvent } from "../../src/core/usage.ts";

/** One row of the rollup, as `usage_daily_rollup` keeps it. */
export type RollupRow = {
  readonly tenantId: string;
  readonly day: string;
  readonly endpoint: string;
  readonly calls: number;
  readonly creditsCharged: number;
  readonly creditsInDoubt: number;
  readonly creditsOnOwnKey: number;
  readonly hits: number;
  readonly creditsSaved: number;
  readonly hitsMemory: number;
  readonly hitsColo: number;
  readonly hitsRedis: number;
  readonly hitsJoined: number;
  readonly hitsStale: number;
};

type Figures = Omit<RollupRow, "tenantId" | "day" | "endpoint">;

/** Usage that parses and is refused, as by a constraint of the database that this version of the Worker does not know. */
export const REFUSED_ENDPOINT = "/refused/";

/** A usage ledger in memory that passes the contract of the real one. */
export function memoryUsageLedger(): UsageLedger & { rollup(): RollupRow[] } {
  const events = new Map<string, UsageEvent>();
  const batches = new Map<string, HitBatch>();
  return {
    async addEvents(tenantId, delivered) {
      refuseForeign(tenantId, delivered);
      if (delivered.some((event) => cannotBeKept(event, event.occurredAtMs))) return REFUSED;
      for (const event of delivered) if (!events.has(event.eventId)) events.set(event.eventId, event);
      return { kind: "recorded", announce: [] };
    },
    async addHits(tenantId, delivered) {
      refuseForeign(tenantId, delivered);
      const isWrong = (batch: HitBatch) => cannotBeKept(batch, batch.flushedAtMs) || batch.rows.some(hasMoreInTiers);
      if (delivered.some(isWrong)) return REFUSED;
      for (const batch of delivered) if (!batches.has(batch.batchId)) batches.set(batch.batchId, batch);
      return { kind: "recorded", announce: [] };
    },
    rollup: () => summed([...[...events.values()].map(rowOfEvent), ...[...batches.values()].flatMap(rowsOfBatch)]),
  };
}

/** All or nothing, as a statement of Postgres is. */
function refuseForeign(tenantId: string, delivered: readonly { readonly tenantId: string }[]): void {
  if (delivered.some((one) => one.tenantId !== tenantId)) throw new Error("another tenant's usage");
}

const REFUSED: Recording = { kind: "refused", reason: "SQLSTATE 22000 data_exception" };

/** What Postgres has no type for: NUL and half a character in a text, a day that no calendar has, less than nothing. */
function cannotBeKept(usage: UsageEvent | HitBatch, atMs: number): boolean {
  let refused = Number.isNaN(new Date(atMs).getTime());
  JSON.stringify(usage, (_name, value: unknown) => {
    refused ||= typeof value === "string" && (value.includes("\0") || !value.isWellFormed());
    refused ||= value === REFUSED_ENDPOINT || (typeof value === "number" && value < 0);
    return value;
  });
  return refused;
}

function hasMoreInTiers({ hits, byTier }: HitRow): boolean {
  return Object.values(byTier).reduce((sum, hits) => sum + hits, 0) > hits;
}

/** What a day without usage would have. */
export const nothing: Figures = {
  calls: 0,
  creditsCharged: 0,
  creditsInDoubt: 0,
  creditsOnOwnKey: 0,
  hits: 0,
  creditsSaved: 0,
  hitsMemory: 0,
  hitsColo: 0,
  hitsRedis: 0,
  hitsJoined: 0,
  hitsStale: 0,
};

function rowOfEvent({ tenantId, occurredAtMs, endpoint, upstreamKeyId, ...credits }: UsageEvent): RollupRow {
  const { creditsCharged, creditsInDoubt } = credits;
  const creditsOnOwnKey = upstreamKeyId.startsWith("platform-") ? 0 : creditsCharged;
  const day = utcDay(occurredAtMs);
  return { ...nothing, tenantId, day, endpoint, calls: 1, creditsCharged, creditsInDoubt, creditsOnOwnKey };
}

function rowsOfBatch({ tenantId, flushedAtMs, rows }: HitBatch): RollupRow[] {
  const day = utcDay(flushedAtMs);
  return rows.map(({ byTier: { memory = 0, colo = 0, redis = 0, joined = 0, stale = 0 }, ...row }) => {
    const tiers = { hitsMemory: memory, hitsColo: colo, hitsRedis: redis, hitsJoined: joined, hitsStale: stale };
    return { ...nothing, tenantId, day, ...row, ...tiers };
  });
}

function utcDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function summed(rows: readonly RollupRow[]): RollupRow[] {
  const sums = new Map<string, RollupRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.tenantId, row.day, row.endpoint]);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? row : add(sum, row));
  }
  return [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function add(a: RollupRow, b: RollupRow): RollupRow {
  return {
    ...a,
    calls: a.calls + b.calls,
    creditsCharged: a.creditsCharged + b.creditsCharged,
    creditsInDoubt: a.creditsInDoubt + b.creditsInDoubt,
    creditsOnOwnKey: a.creditsOnOwnKey + b.creditsOnOwnKey,
    hits: a.hits + b.hits,
    creditsSaved: a.creditsSaved + b.creditsSaved,
    hitsMemory: a.hitsMemory + b.hitsMemory,
    hitsColo: a.hitsColo + b.hitsColo,
    hitsRedis: a.hitsRedis + b.hitsRedis,
    hitsJoined: a.hitsJoined + b.hitsJoined,
    hitsStale: a.hitsStale + b.hitsStale,
  };
}
