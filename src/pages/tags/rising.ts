import type { HashtagHistory, RisingHashtag } from "../../core/hashtag-history.ts";
import { utcDay } from "../../core/key-rights.ts";
import type { Log } from "../../core/ports.ts";

export type RisingPorts = { readonly hashtagHistory: HashtagHistory; readonly clock: () => number; readonly log: Log };

const DAY_MS = 86_400_000;
/** However many ask, and with no cache in front: Postgres is asked once a minute. */
const KEPT_MS = 60_000;
const REST_MS = 10_000;

export type Rising = {
  readonly rising: readonly RisingHashtag[];
  /** For how long a page of them may be kept, seconds. */
  readonly freshSeconds: number;
};

const LIST_SECONDS = 300;

/**
 * The hashtags that were looked at within so many days, those that grow most first. Fails open: without Postgres it is what was known last, or
 * none, to be asked for again soon.
 */
export function risingHashtags({ hashtagHistory, clock, log }: RisingPorts, days: number, most: number) {
  let known: Rising = { rising: [], freshSeconds: 0 };
  let untilMs = -Infinity;
  return async function risingHashtags(): Promise<Rising> {
    if (clock() < untilMs) return known;
    try {
      const rising = await hashtagHistory.rising(utcDay(clock() - days * DAY_MS), most);
      known = { rising, freshSeconds: LIST_SECONDS };
      untilMs = clock() + KEPT_MS;
    } catch (error) {
      log.error("hashtag-history-not-read", { error });
      known = { ...known, freshSeconds: REST_MS / 1_000 };
      untilMs = clock() + REST_MS;
    }
    return known;
  };
}
