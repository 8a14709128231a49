import type { Background, HitCounter, Log, UsageQueue } from "../core/ports.ts";
import type { HitCount, HitRow } from "../core/usage.ts";

export type BufferSettings = {
  readonly flushMs: number;
  /** Hits in the buffer that send it at once. */
  readonly flushHits: number;
  readonly clock: () => number;
  /** Mints a UUIDv7. */
  readonly newBatchId: () => string;
};

/**
 * Hits of this isolate, sent in batches: a message a hit would cost more than the hit. At most once: what an evicted isolate had not
 * sent is lost, `flushMs` of hits at the most, and a queue that refuses a batch loses it.
 */
export function bufferedHits(queue: UsageQueue, settings: BufferSettings, log: Log): HitCounter {
  let counts = new Map<string, Map<string, HitRow>>();
  let hits = 0;
  let dueAtMs = 0;

  const flush = async (): Promise<void> => {
    const full = counts;
    if (hits === 0) return;
    counts = new Map();
    hits = 0;
    const batches = [...full].map(([tenantId, rows]) => ({
      kind: "hits" as const,
      batch: { batchId: settings.newBatchId(), tenantId, flushedAtMs: settings.clock(), rows: [...rows.values()] },
    }));
    try {
      await queue.send(batches);
    } catch (error) {
      log.error("hits-lost", { error, batches: batches.length });
    }
  };

  const flushLater = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, settings.flushMs));
    await flush();
  };

  return {
    add(tenantId, count, background: Background) {
      const rows = counts.get(tenantId) ?? new Map<string, HitRow>();
      rows.set(count.endpoint, sum(rows.get(count.endpoint), count));
      counts.set(tenantId, rows);
      hits += count.hits;
      if (hits >= settings.flushHits) return background(flush());
      // A timer dies with the request that started it, so whether one runs is told by the clock and not by a flag.
      if (settings.clock() < dueAtMs) return;
      dueAtMs = settings.clock() + settings.flushMs;
      background(flushLater());
    },
  };
}

function sum(before: HitRow | undefined, { endpoint, tier, hits, creditsSaved }: HitCount): HitRow {
  const { byTier = {} } = before ?? {};
  return {
    endpoint,
    hits: (before?.hits ?? 0) + hits,
    creditsSaved: (before?.creditsSaved ?? 0) + creditsSaved,
    byTier: { ...byTier, [tier]: (byTier[tier] ?? 0) + hits },
  };
}
