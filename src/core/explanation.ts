import * as v from "valibot";
import { QuotaView } from "./statement-resources.ts";
import { windowNames } from "./windows.ts";

/** What `/v1/explain` says of a call. */

const Instant = v.pipe(v.string(), v.isoTimestamp());

const WindowsView = v.object({
  fresh_seconds: v.number(),
  /** After that it is served at once, and refreshed. */
  stale_seconds: v.number(),
  /** How long after `fresh_seconds` it may stand in for a failure or a refusal. */
  error_seconds: v.number(),
});

/** A tier that holds nothing of the call, or did not answer. */
const Lacking = v.object({ state: v.picklist(["absent", "unavailable"]) });

const Present = v.object({
  state: v.literal("present"),
  /** What it is good for in this call. */
  standing: v.picklist(["fresh", "stale", "last-resort", "none"]),
  /** Whether it is served without asking a farther tier. */
  trusted: v.boolean(),
  /** What was purged of it since it was fetched. */
  purged: v.picklist(["none", "soft", "hard"]),
  kind: v.picklist(["answer", "negative"]),
  /** Made of the answer to another call. */
  derived: v.boolean(),
  /** The row of the table of windows that it is kept by. */
  class: v.picklist(windowNames),
  age_seconds: v.number(),
  /** Until it is past its time for this tenant; below zero since then. */
  ttl_seconds: v.number(),
  status: v.number(),
  etag: v.string(),
  body_bytes: v.number(),
});

const TierView = v.variant("state", [Present, Lacking]);

/** What `because` says when nothing is served, or something only in place of this. */
const Refusal = v.picklist([
  "tenant-suspended",
  "trial-ended",
  "burst",
  "daily",
  "monthly",
  "cache-unavailable",
  "ledger-unavailable",
  "upstream-key-unavailable",
]);

export const ExplanationView = v.object({
  /** The call in canonical form, as the upstream would get it. */
  path: v.string(),
  endpoint: v.string(),
  parameters: v.record(v.string(), v.string()),
  /** Whose answers it reads and writes. */
  scope: v.string(),
  class: v.picklist(["download", ...windowNames]),
  /** Of an answer that is no empty list, before its body has a say; null for a download, which is never kept. */
  windows: v.nullable(v.object({ deployment: WindowsView, tenant: WindowsView })),
  /** What a fetch of it costs. */
  credits: v.number(),
  /**
   * `stale`: served past its time, and refreshed. `last-resort`: served past its time in place of the refusal that `because` names. `fetch`:
   * whether another request fetches the same, or the upstream key has room, is known only when it is tried.
   */
  would: v.picklist(["hit", "stale", "last-resort", "fetch", "refuse"]),
  because: v.picklist(["fresh", "outage", "past-its-time", "purged", "absent", "never-kept", ...Refusal.options]),
  /** Where a hit is served from. */
  tier: v.nullable(v.picklist(["memory", "colo", "redis"])),
  /** `memory` is of the isolate that answers this: other isolates have theirs. */
  cached: v.object({ memory: TierView, colo: TierView, redis: TierView }),
  /** As `/v1/quota` has them, with what the upstream keys that would pay are good for. */
  limits: v.object({ ...QuotaView.entries, upstream_calls_per_minute: v.nullable(v.number()) }),
  /** Until when what is held may be served, if only in place of a failure; null when nothing is. */
  retrievable_until: v.nullable(Instant),
  /** For the operator alone. */
  key: v.optional(v.object({ redis: v.string(), digest: v.string(), identity: v.string() })),
});

export type ExplanationView = v.InferOutput<typeof ExplanationView>;
export type TierView = v.InferOutput<typeof TierView>;
export type Reason = ExplanationView["because"];
