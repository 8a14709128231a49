import type { Demand } from "./directives.ts";
import type { Entry } from "./entry.ts";
import { purgeOf, type PurgedAt } from "./purge.ts";
import { freshness, tightened, type WindowOverrides } from "./windows.ts";

/** What an entry is good for in one request. */
export type Standing =
  /** To be served. */
  | "fresh"
  /** To be served at once, and refreshed. */
  | "stale"
  /** To be served only in place of a failure or a refusal. */
  | "last-resort"
  /** As `last-resort`, and served but for what the request demands. */
  | "refused"
  /** Not to be served. */
  | "none";

export type Reader = {
  /** The windows that the tenant tightened. */
  readonly own: WindowOverrides;
  readonly demand: Demand;
  readonly purged: PurgedAt;
};

/** Weighs an entry by its windows, as the tenant has tightened them, by what was purged of it, and by what the request demands. */
export function standing(entry: Entry, { own, demand, purged }: Reader, nowMs: number): Standing {
  const purge = purgeOf(entry, purged);
  if (purge === "hard") return "none";
  const ages = tightened(entry, own);
  const byAge = freshness(ages, nowMs);
  if (byAge === "expired") return "none";
  if (byAge === "last-resort") return byAge;
  const isFresh = byAge === "fresh" && purge === "none";
  if (!isFresh && ages.staleMs === 0) return "none";
  const staleForMs = Math.max(0, nowMs - entry.fetchedAtMs - ages.freshMs);
  if (entry.fetchedAtMs < demand.fetchedFromMs || staleForMs > demand.mostStaleMs) return "refused";
  if (demand.leastFreshMs > 0 && entry.fetchedAtMs + ages.freshMs - nowMs < demand.leastFreshMs) return "refused";
  return isFresh ? "fresh" : "stale";
}
