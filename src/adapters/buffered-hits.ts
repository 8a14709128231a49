import type { Background, HitCounter, Log, RequestCounter, UsageQueue } from "../core/ports.ts";
import type { HitCount, ServedRequest, Usage } from "../core/usage.ts";
import { tenantCounts, type TenantCounts } from "./tenant-counts.ts";

export type BufferSettings = {
  readonly flushMs: number;
  /** Requests in the buffer that send it at once. */
  readonly flushHits: number;
  readonly clock: () => number;
  /** Mints a UUIDv7. */
  readonly newBatchId: () => string;
};

/** Ends the filling of the buffer: what it held goes into a message that is sent anyway. */
type Takes = { takeCounts(): readonly Usage[] };

/**
 * Hits of this isolate, and what else is counted of requests, sent in batches: a message a hit would cost more than the hit. At most once: what
 * an evicted isolate had not sent is lost, `flushMs` of it at the most, and a queue that refuses a batch loses it.
 */
export function bufferedHits(
  queue: UsageQueue,
  settings: BufferSettings,
  log: Log,
): HitCounter & RequestCounter & Takes {
  let counts = new Map<string, TenantCounts>();
  let requests = 0;
  let dueAtMs = 0;

  const takeCounts = (): readonly Usage[] => {
    const full = counts;
    if (requests === 0) return [];
    counts = new Map();
    requests = 0;
    return [...full].map(([tenantId, counted]) => ({
      kind: "hits",
      batch: { batchId: settings.newBatchId(), tenantId, flushedAtMs: settings.clock(), ...counted.toBatch() },
    }));
  };

  const flush = async (): Promise<void> => {
    const batches = takeCounts();
    if (batches.length === 0) return;
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

  const countsOf = (tenantId: string): TenantCounts => {
    const known = counts.get(tenantId);
    if (known !== undefined) return known;
    const made = tenantCounts();
    counts.set(tenantId, made);
    return made;
  };

  const send = (added: number, isHit: boolean, background: Background): void => {
    requests += added;
    if (requests >= settings.flushHits) return background(flush());
    // What was dispatched has an event, and goes with it. A timer dies with the request that started it, so whether one runs is told by the clock.
    if (!isHit || settings.clock() < dueAtMs) return;
    dueAtMs = settings.clock() + settings.flushMs;
    background(flushLater());
  };

  return {
    takeCounts,
    add(tenantId: string, hit: HitCount, background) {
      countsOf(tenantId).addHit(hit);
      send(hit.hits, true, background);
    },
    addRequest(tenantId: string, request: ServedRequest, background) {
      countsOf(tenantId).addRequest(request);
      send(1, "hit" in request, background);
    },
  };
}
