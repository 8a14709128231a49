/** What a request asks of the age of its answer, beyond what its tenant's windows say. */
export type Demand = {
  /** Only what the upstream answered at this time or later, Unix milliseconds. */
  readonly fetchedFromMs: number;
  /** Only what stays fresh for so long, milliseconds. */
  readonly leastFreshMs: number;
  /** Only what is past its time for no longer than this, milliseconds; the stale window bounds it whatever is asked. */
  readonly mostStaleMs: number;
  /** `no-cache`: whatever is kept, something newer is wanted. */
  readonly isForced: boolean;
  /** Nothing is fetched, now or behind the response. */
  readonly onlyIfCached: boolean;
};

/** Whatever the windows allow. */
export const NO_DEMAND: Demand = {
  fetchedFromMs: -Infinity,
  leastFreshMs: 0,
  mostStaleMs: Infinity,
  isForced: false,
  onlyIfCached: false,
};

type Asked = {
  readonly cacheControl: string | undefined;
  /** Whether the request carries a validator. */
  readonly isConditional: boolean;
  /** Whether its key may make the cache spend. */
  readonly mayRefresh: boolean;
};

const DIRECTIVE = /([!#$%&'*+.^_`|~\w-]+)(?:=(?:"([^"]*)"|([^\s,"]*)))?/g;
const SECONDS = /^\d{1,10}$/;

/**
 * Reads a request's `Cache-Control` (RFC 9111, section 5.2.1). What makes a cache spend (`no-cache`, `max-age`, `min-fresh`, a lower
 * `max-stale`) counts only for who may: browsers send it on every reload. `no-store` changes nothing, for an answer is everybody's who pays
 * for it; nor does an argument that is no number of seconds. Nor does `no-cache` beside a validator: that asks whether a copy is still the one
 * that we hold, and `fetch` adds it by itself to whatever names one.
 */
export function demandOf({ cacheControl, isConditional, mayRefresh }: Asked, nowMs: number): Demand {
  if (cacheControl === undefined) return NO_DEMAND;
  const given = directivesIn(cacheControl);
  const onlyIfCached = given.has("only-if-cached");
  if (!mayRefresh) return { ...NO_DEMAND, onlyIfCached };
  const secondsOf = (name: string) => milliseconds(given.get(name));
  const isForced = given.has("no-cache") && !isConditional;
  const maxAgeMs = isForced ? 0 : secondsOf("max-age");
  return {
    fetchedFromMs: maxAgeMs === undefined ? -Infinity : nowMs - maxAgeMs,
    leastFreshMs: secondsOf("min-fresh") ?? 0,
    mostStaleMs: secondsOf("max-stale") ?? Infinity,
    isForced,
    onlyIfCached,
  };
}

/** The first of each name counts. */
function directivesIn(text: string): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const [, name = "", quoted, token] of text.matchAll(DIRECTIVE)) {
    const known = name.toLowerCase();
    if (!given.has(known)) given.set(known, quoted ?? token ?? "");
  }
  return given;
}

function milliseconds(text: string | undefined): number | undefined {
  return text !== undefined && SECONDS.test(text) ? Number(text) * 1_000 : undefined;
}
