import type { HitBatch, UsageEvent } from "../../src/core/usage.ts";
import { uuid7 } from "../../src/core/uuid7.ts";

let made = 0;

/** Ten bytes that no other id of this process has. */
function unique(): Uint8Array {
  made += 1;
  const bytes = new Uint8Array(10);
  new DataView(bytes.buffer).setUint32(6, made);
  return bytes;
}

/** A settled event of one credit, at a time of its own. */
export function sampleEvent(
  tenantId: string,
  changes: Partial<Omit<UsageEvent, "eventId" | "tenantId">> = {},
): UsageEvent {
  const occurredAtMs = changes.occurredAtMs ?? Date.UTC(2026, 10, 20, 12);
  return {
    eventId: uuid7(occurredAtMs, unique()),
    tenantId,
    occurredAtMs,
    endpoint: "/userid/",
    status: 200,
    outcome: "success",
    creditsCharged: 1,
    creditsInDoubt: 0,
    requestId: "0199c0de-0000-7000-8000-0000000000ff",
    upstreamKeyId: "platform-00000000",
    ...changes,
  };
}

/** A flush of an isolate's hits, two endpoints unless told. */
export function sampleHits(tenantId: string, changes: Partial<Pick<HitBatch, "flushedAtMs" | "rows">> = {}): HitBatch {
  const flushedAtMs = changes.flushedAtMs ?? Date.UTC(2026, 10, 20, 12);
  return {
    batchId: uuid7(flushedAtMs, unique()),
    tenantId,
    flushedAtMs,
    rows: changes.rows ?? [
      { endpoint: "/userid/", hits: 5, creditsSaved: 5, byTier: { memory: 3, colo: 2 } },
      { endpoint: "/user-posts/", hits: 2, creditsSaved: 4, byTier: { redis: 1 } },
    ],
  };
}
