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
  /** How long requests took, hits and others; missing where an older version counted. */
  readonly latency?: readonly LatencyCount[];
  /** What the requests of each gateway key came to; missing where an older version counted. */
  readonly keys?: readonly KeyCount[];
};

/** Where a hit's answer was from: a cache, another request's fetch, or a cache past the answer's time. */
export const HIT_TIERS = ["memory", "colo", "redis", "joined", "stale"] as const;

export type HitTier = (typeof HIT_TIERS)[number];

/** Where an answer was from, as its latency is told: a hit's tier, or the upstream. */
export const LATENCY_TIERS = [...HIT_TIERS, "upstream"] as const;

export type LatencyTier = (typeof LATENCY_TIERS)[number];

/** What is counted at once: hits of one endpoint and tier. */
export type HitCount = {
  readonly endpoint: string;
  readonly tier: HitTier;
  readonly hits: number;
  readonly creditsSaved: number;
};

/** All hits of one endpoint. Of the tiers no more than `hits`; less where an older version counted, which did not tell them apart. */
export type HitRow = Omit<HitCount, "tier"> & { readonly byTier: Readonly<Partial<Record<HitTier, number>>> };

/** Requests that took about as long, see `latency.ts`. A newer version may have a tier that is not known here. */
export type LatencyCount = { readonly tier: string; readonly bucket: number; readonly requests: number };

/** What one request for which the upstream was asked came to, all of its dispatches together. Credits. */
export type CallCount = {
  readonly endpoint: string;
  /** Dispatches. */
  readonly calls: number;
  readonly creditsCharged: number;
  readonly creditsInDoubt: number;
  /** Of those charged: the tenant paid for them itself. */
  readonly creditsOnOwnKey: number;
};

/** What the requests of one gateway key came to. */
export type KeyCount = { readonly keyId: string } & Omit<CallCount, "endpoint"> & Omit<HitRow, "endpoint">;

/** A request that was served: by which key, how long it took, and either a hit or calls. */
export type ServedRequest = { readonly keyId: string; readonly tookMs: number } & (
  | { readonly hit: HitCount }
  | { readonly call: CallCount }
);

/** What is recorded in the books. */
export type Usage =
  | { readonly kind: "event"; readonly event: UsageEvent }
  | { readonly kind: "hits"; readonly batch: HitBatch };

/**
 * What travels through the `usage` queue: usage of any tenants, together, since a message costs what it costs however little is in it. By itself
 * it is as what was buried alone is sent again, and as older versions sent it.
 */
export type UsageMessage = Usage | { readonly kind: "batch"; readonly usage: readonly Usage[] };
