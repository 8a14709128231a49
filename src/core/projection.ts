import type { QuotaView } from "./statement-resources.ts";

type Window = Pick<QuotaView["data"][number], "limit" | "used" | "remaining" | "resets_at">;

/** What becomes of a quota if it goes on being spent as it was in this window so far. Times are Unix milliseconds. */
export type Projection =
  /** There is no quota. */
  | { readonly kind: "unlimited" }
  /** Nothing was spent in this window, so there is nothing to go by. */
  | { readonly kind: "unused" }
  | { readonly kind: "gone" }
  /** It begins anew before it is gone. */
  | { readonly kind: "lasts" }
  | { readonly kind: "runs-out"; readonly atMs: number };

/** Projects a window that began at `startMs` in a straight line. What is spent in the very first moments says little, and is taken at its word. */
export function projected({ limit, used, remaining, resets_at }: Window, startMs: number, nowMs: number): Projection {
  if (limit === null || remaining === null) return { kind: "unlimited" };
  if (remaining <= 0) return { kind: "gone" };
  if (used <= 0) return { kind: "unused" };
  const passedMs = Math.max(1, nowMs - startMs);
  const atMs = nowMs + (remaining * passedMs) / used;
  return atMs < Date.parse(resets_at) ? { kind: "runs-out", atMs } : { kind: "lasts" };
}
