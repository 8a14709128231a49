import type { Call } from "./catalogue.ts";
import type { Entry } from "./entry.ts";
import { purgeOf } from "./purge.ts";
import type { Tenant } from "./tenant.ts";
import type { AnswerHead } from "./warm-ports.ts";
import { usualWindows, type WindowOverrides } from "./windows.ts";

/** An answer that may be worth fetching before somebody asks for it. */
export type Warmable = {
  readonly identity: string;
  readonly call: Call;
  /** How often it was asked for of late, requests a millisecond; null is a seed, which is kept warm whoever asks. */
  readonly perMs: number | null;
  /** What there is of it; undefined is nothing, or what was purged for good. */
  readonly head: AnswerHead | undefined;
  /** It was asked for of late, and is still as it was then. */
  readonly isInVain: boolean;
};

export type WarmRules = {
  readonly nowMs: number;
  /** Fewer requests than these are not expected to be served by what is fetched: it would cost more than it saves. */
  readonly minHits: number;
  /** Credits that one run may spend. */
  readonly budget: number;
  readonly windows: WindowOverrides;
};

/** How often the job runs. */
export const WARM_EVERY_MS = 60_000;

/** What is fresh until the next run, and until what that asks for is fetched, is left to it. */
const AHEAD_MS = WARM_EVERY_MS + 10_000;

/**
 * What to fetch now: what would be past its time before the next run or is not there, by the hits that are expected of it; after that the
 * seeds, in the order given. All of it within the budget.
 */
export function chooseWarm<Some extends Warmable>(warmable: readonly Some[], rules: WarmRules): readonly Some[] {
  const due = warmable.filter(({ head, isInVain }) => !isInVain && isDue(head, rules.nowMs));
  const hot = due
    .map((each) => ({ each, hits: expectedHits(each, rules) }))
    .filter(({ hits }) => hits >= rules.minHits)
    .toSorted((one, other) => other.hits - one.hits);
  const seeds = due.filter(({ perMs }) => perMs === null);
  return withinBudget([...hot.map(({ each }) => each), ...seeds], rules.budget);
}

/** Whether a request for this answer is a reason to keep it warm. `isPoolWarmed`: whether somebody pays for the pools. */
export function countsForWarming(
  { kind, windows }: Pick<Entry, "kind" | "windows">,
  tenant: Pick<Tenant, "cacheScope" | "windows">,
  isPoolWarmed: boolean,
): boolean {
  // To who wants it newer than the entry says, a warm answer would be fresh for less than is expected of it.
  if (kind === "negative" || tenant.windows[windows] !== undefined) return false;
  return tenant.cacheScope === "tenant" || isPoolWarmed;
}

/** What the upstream does not know is not worth a credit, however many asked for it. */
function isDue(head: AnswerHead | undefined, nowMs: number): boolean {
  if (head === undefined) return true;
  const { entry, purged } = head;
  if (entry.kind === "negative") return false;
  return purgeOf(entry, purged) === "soft" || entry.fetchedAtMs + entry.freshMs < nowMs + AHEAD_MS;
}

/** Requests within the time that the next answer will be fresh: for as long as the last one was, where that is known. */
function expectedHits({ perMs, call, head }: Warmable, { windows }: WarmRules): number {
  return (perMs ?? 0) * (head?.entry.freshMs ?? usualFreshMs(call, windows));
}

function usualFreshMs({ endpoint }: Call, overrides: WindowOverrides): number {
  return endpoint.windows === "download" ? 0 : usualWindows(overrides)[endpoint.windows].freshMs;
}

/** Each once: what is hot and a seed too comes as the hot one. */
function withinBudget<Some extends Warmable>(ordered: readonly Some[], budget: number): readonly Some[] {
  const chosen = new Map<string, Some>();
  let left = budget;
  for (const each of ordered) {
    const { credits } = each.call.endpoint;
    if (chosen.has(each.identity) || credits > left) continue;
    chosen.set(each.identity, each);
    left -= credits;
  }
  return [...chosen.values()];
}
