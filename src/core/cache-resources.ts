import * as v from "valibot";
import { PurgeMode } from "./purge.ts";

const Instant = v.pipe(v.string(), v.isoTimestamp("is not a time such as 2026-01-31T12:00:00Z"));

/** What `/v1` says of a purge. */
export const PurgeView = v.object({
  /** The call in canonical form, the subject with its other name, or `everything`. */
  purged: v.array(v.string()),
  mode: PurgeMode,
  /** In whose eyes: `pool:<region>` or `tenant:<id>`. */
  scope: v.string(),
  /** By the clock by which dispatches are reserved: what was asked of the upstream before is purged. */
  purged_at: Instant,
  /**
   * Of a pool: what became of the public pages that show it. `none`: no page does. `absent`: there is no cache in front of them here. `refused`: it
   * took no purge just now, and the pages end by their time.
   */
  pages: v.exactOptional(v.picklist(["purged", "refused", "absent", "none"])),
});

/** What became of a report of a dead media URL. */
export const DeadUrlView = v.object({
  /** Whether the URL stood in the answer that is kept; if not, that is a newer one already. */
  evicted: v.boolean(),
  /** Whether there is a new answer in its place. */
  refetched: v.boolean(),
  credits_charged: v.number(),
});

export type PurgeView = v.InferOutput<typeof PurgeView>;
export type DeadUrlView = v.InferOutput<typeof DeadUrlView>;
