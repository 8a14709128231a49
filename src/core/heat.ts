/**
 * How hot an answer is, as one number that stays true by itself: the time, Unix milliseconds, at which its count of requests has cooled
 * down to one, when a request counts half as much after each half-life. Nothing has to be decayed by a job, so a job that is missed or
 * doubled changes nothing, and the hotter of two answers stays the hotter one for as long as nobody asks for either.
 */
export type HeatMs = number;

/** The heat after so many requests more; `before` is undefined for what nobody asked for. */
export function heated(
  before: HeatMs | undefined,
  requests: number,
  { nowMs, halfLifeMs }: { readonly nowMs: number; readonly halfLifeMs: number },
): HeatMs {
  const counted = before === undefined ? 0 : countAt(before, nowMs, halfLifeMs);
  return nowMs + halfLifeMs * Math.log2(counted + requests);
}

/** Requests a millisecond: an even rate would have come to this heat, and would keep it. */
export function rateOf(heat: HeatMs, nowMs: number, halfLifeMs: number): number {
  return (countAt(heat, nowMs, halfLifeMs) * Math.LN2) / halfLifeMs;
}

/** After so many half-lives below one request an answer is forgotten: a request is a thousandth by then. */
const COLD_AFTER = 10;

/** Who is colder than this is of no interest. */
export function coldest(nowMs: number, halfLifeMs: number): HeatMs {
  return nowMs - COLD_AFTER * halfLifeMs;
}

function countAt(heat: HeatMs, nowMs: number, halfLifeMs: number): number {
  return 2 ** ((heat - nowMs) / halfLifeMs);
}
