import { BUCKETS_MS, bucketOf } from "../core/latency.ts";
import type {
  CallCount,
  HitBatch,
  HitCount,
  HitTier,
  KeyCount,
  LatencyCount,
  LatencyTier,
  ServedRequest,
} from "../core/usage.ts";

/** What is counted of one tenant until it is sent. */
export type TenantCounts = {
  addHit(hit: HitCount): void;
  addRequest(request: ServedRequest): void;
  toBatch(): Pick<HitBatch, "rows" | "latency" | "keys">;
};

type Hits = { hits: number; creditsSaved: number; readonly byTier: Partial<Record<HitTier, number>> };
type Row = Hits & { readonly endpoint: string };
type Key = Hits & { readonly keyId: string } & {
  -readonly [Count in Exclude<keyof KeyCount, keyof Hits | "keyId">]: number;
};

/** Counters that are added to in place: a hit in memory is too quick for anything to be made for it. */
export function tenantCounts(): TenantCounts {
  const rows = new Map<string, Row>();
  const keys = new Map<string, Key>();
  const latency = new Map<LatencyTier, number[]>();
  return {
    addHit: (hit) => add(counted(rows, hit.endpoint, newRow), hit),
    addRequest(request) {
      const isHit = "hit" in request;
      countBucket(counted(latency, isHit ? request.hit.tier : "upstream", noBuckets), request.tookMs);
      const key = counted(keys, request.keyId, newKey);
      // An endpoint has a row also without a hit: by its rows it is told whether a batch came before.
      const row = counted(rows, (isHit ? request.hit : request.call).endpoint, newRow);
      if (!isHit) return addCall(key, request.call);
      add(row, request.hit);
      add(key, request.hit);
    },
    toBatch: () => ({
      rows: [...rows.values()],
      latency: [...latency].flatMap(([tier, buckets]) => countsOf(tier, buckets)),
      keys: [...keys.values()],
    }),
  };
}

function counted<Name, Counts>(all: Map<Name, Counts>, name: Name, make: (name: Name) => Counts): Counts {
  const known = all.get(name);
  if (known !== undefined) return known;
  const made = make(name);
  all.set(name, made);
  return made;
}

function newRow(endpoint: string): Row {
  return { endpoint, hits: 0, creditsSaved: 0, byTier: {} };
}

function newKey(keyId: string): Key {
  const noCalls = { calls: 0, creditsCharged: 0, creditsInDoubt: 0, creditsOnOwnKey: 0 };
  return { keyId, ...noCalls, hits: 0, creditsSaved: 0, byTier: {} };
}

function noBuckets(): number[] {
  return BUCKETS_MS.map(() => 0);
}

function add(sum: Hits, { tier, hits, creditsSaved }: HitCount): void {
  sum.hits += hits;
  sum.creditsSaved += creditsSaved;
  sum.byTier[tier] = (sum.byTier[tier] ?? 0) + hits;
}

function addCall(key: Key, call: CallCount): void {
  key.calls += call.calls;
  key.creditsCharged += call.creditsCharged;
  key.creditsInDoubt += call.creditsInDoubt;
  key.creditsOnOwnKey += call.creditsOnOwnKey;
}

function countBucket(buckets: number[], ms: number): void {
  const bucket = bucketOf(ms);
  buckets[bucket] = (buckets[bucket] ?? 0) + 1;
}

function countsOf(tier: LatencyTier, buckets: readonly number[]): LatencyCount[] {
  return buckets.flatMap((requests, bucket) => (requests === 0 ? [] : [{ tier, bucket, requests }]));
}
