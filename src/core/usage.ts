import type { Outcome } from "./charge.ts";

/** One dispatch to the upstream, as the ledger keeps it. Credits are whole numbers. */
export type UsageEvent = {
  /**
   * UUIDv7, minted in the ledger from Redis time. The id is ours, never the client's: the ledger drops repeated ids, so a client that
   * could choose the id could choose not to be charged.
   */
  readonly eventId: string;
  readonly tenantId: string;
  /** The time inside `eventId`, Unix milliseconds. */
  readonly occurredAtMs: number;
  /** The path, e.g. `/userid/`. */
  readonly endpoint: string;
  /** The upstream's status; 0 when none came. */
  readonly status: number;
  readonly outcome: Outcome;
  readonly creditsCharged: number;
  /** Credits that the upstream may have taken: shown beside what was charged, never in it. */
  readonly creditsInDoubt: number;
  /** Groups the dispatches of one request; ours. */
  readonly requestId: string;
  /** Which upstream key paid; a name, never the key. */
  readonly upstreamKeyId: string;
};

/** Cache hits of one tenant, counted in an isolate since its last flush. A repeated `batchId` is the same batch delivered again. */
export type HitBatch = {
  /** UUIDv7 by the isolate's clock. */
  readonly batchId: string;
  readonly tenantId: string;
  readonly flushedAtMs: number;
  readonly rows: readonly HitRow[];
};

/** Where a hit's answer was from: a cache, another request's fetch, or a cache past the answer's time. */
export const HIT_TIERS = ["memory", "colo", "redis", "joined", "stale"] as const;

export type HitTier = (typeof HIT_TIERS)[number];

/** What is counted at once: hits of one endpoint and tier. */
export type HitCount = {
  readonly endpoint: string;
  readonly tier: HitTier;
  readonly hits: number;
  readonly creditsSaved: number;
};

/** All hits of one endpoint. Of the tiers no more than `hits`; less where an older version counted, which did not tell them apart. */
export type HitRow = Omit<HitCount, "tier"> & { readonly byTier: Readonly<Partial<Record<HitTier, number>>> };

/** What is recorded in the books. */
export type Usage =
  | { readonly kind: "event"; readonly event: UsageEvent }
  | { readonly kind: "hits"; readonly batch: HitBatch };

/**
 * What travels through the `usage` queue: usage of any tenants, together, since a message costs what it costs however little is in it. By itself
 * it is as what was buried alone is sent again, and as older versions sent it.
 */
export type UsageMessage = Usage | { readonly kind: "batch"; readonly usage: readonly Usage[] };
