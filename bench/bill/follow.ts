/** By the defaults of the settings (`CONFIRM_AFTER_MS`, `CONFIRM_MS`, `KEY_FRESH_MS` and half of that), milliseconds. */
const LOG = { repeatedMs: 500, awaitedMs: 1_000, gapMs: 5_000 };
const YOUNG_MS = 10_000;
/** By so much clocks may differ: what was read that soon after the log is vouched for by nothing. */
const CLOCKS_DIFFER_MS = 1_000;

/** What is asked so that a request may go by what its isolate knows of the key, beside the answer itself. All keys are one. */
export type Followed = {
  /** The log of changes by itself, one command. */
  readonly logReadings: number;
  /** The log's last entry and the key's record, or that alone: two commands. */
  readonly recordReadings: number;
  /** The record brought along with an answer: one command more, for the time. */
  readonly recordsAlongside: number;
  /** The record from Postgres, and back into Redis. */
  readonly recordsReadAnew: number;
};

/** A request. `isNear`: it found its answer in the isolate or its colo, so that no question to Redis could bring anything along. */
export type Following = { readonly atMs: number; readonly isolate: number; readonly isNear: boolean };

type Isolate = { logMs: number; recordMs: number; vouchedAfterMs: number };

/** What requests ask about their key, in the order of time, as `proxy/find-key.ts` does. */
export function follow(requests: Iterable<Following>): Followed {
  const isolates = new Map<number, Isolate>();
  const asked = { logReadings: 0, recordReadings: 0, recordsAlongside: 0, recordsReadAnew: 0 };
  let sharedMs = -Infinity;
  for (const { atMs, isolate, isNear } of requests) {
    const begun = { logMs: -Infinity, recordMs: -Infinity, vouchedAfterMs: Infinity };
    const own = isolates.get(isolate) ?? begun;
    isolates.set(isolate, own);
    const isCold = own.logMs === -Infinity;
    const ageMs = atMs - own.logMs;
    const isAfterGap = ageMs > LOG.gapMs;
    const isWanted = isAfterGap && !isCold && atMs - own.recordMs >= YOUNG_MS;
    if (ageMs >= LOG.repeatedMs) own.logMs = atMs;
    if (isAfterGap) own.vouchedAfterMs = atMs + CLOCKS_DIFFER_MS;
    // A cold isolate reads where the log ends, and what it has of late.
    if (isCold) asked.logReadings += 2;
    else if (isWanted) asked[isNear ? "recordReadings" : "recordsAlongside"] += 1;
    else if (ageMs >= LOG.repeatedMs && (isNear || ageMs < LOG.awaitedMs)) asked.logReadings += 1;

    const isGood = (recordMs: number) => atMs - recordMs < YOUNG_MS || recordMs > own.vouchedAfterMs;
    if (isGood(own.recordMs)) continue;
    if (!isWanted) asked.recordReadings += 1;
    if (!isGood(sharedMs)) {
      asked.recordsReadAnew += 1;
      sharedMs = atMs;
    }
    own.recordMs = sharedMs;
  }
  return asked;
}
