const STATED = /[?&]x-expires=(\d{9,11})(?!\d)/g;
const IN_PATH = /\/([0-9a-f]{8})(?=\/)/gi;

/** An 8-digit hex segment may be anything; one of these days around now is an expiry but for one random segment in a thousand. */
const DAY_SECONDS = 86_400;
const PAST_SECONDS = 7 * DAY_SECONDS;
const FUTURE_SECONDS = 30 * DAY_SECONDS;

/**
 * When the first of a body's media URLs expires, Unix milliseconds; infinity when none says. Signed URLs say it as `x-expires=<Unix
 * seconds>` or as a path segment of eight hex digits.
 */
export function earliestExpiryMs(json: unknown, nowMs: number): number {
  let earliest = Infinity;
  for (const url of urlsIn(json)) earliest = Math.min(earliest, expirySeconds(url, nowMs / 1_000));
  return earliest * 1_000;
}

/** Every text that is a URL, however deep; an own stack, because a hostile depth must not be the engine's. */
export function* urlsIn(json: unknown): Generator<string> {
  const open: unknown[] = [json];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string" && /^https?:\/\//.test(value)) yield value;
    if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) open.push(inner);
  }
}

function expirySeconds(url: string, nowSeconds: number): number {
  const [, stated] = [...url.matchAll(STATED)][0] ?? [];
  if (stated !== undefined) return Number(stated);
  const segments = Array.from(url.matchAll(IN_PATH), ([, hex = ""]) => Number.parseInt(hex, 16));
  return segments
    .filter((at) => at > nowSeconds - PAST_SECONDS && at < nowSeconds + FUTURE_SECONDS)
    .reduce((earliest, at) => Math.min(earliest, at), Infinity);
}
