import type { Entry } from "../../core/entry.ts";
import type { HashtagDay, HashtagHistory } from "../../core/hashtag-history.ts";
import type { HashtagInfo } from "../../core/hashtag-page.ts";
import { utcDay } from "../../core/key-rights.ts";
import type { Background, Log } from "../../core/ports.ts";
import { recentlyMade } from "../../core/recent.ts";

export type TrendPorts = {
  readonly hashtagHistory: HashtagHistory;
  readonly clock: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Log;
};

/** How many days a page shows. */
const MOST_DAYS = 90;
/** A new day is on the page so much later at the most. */
const KEPT_MS = 600_000;
/** A page is not held up for its trend. */
const WAIT_MS = 500;
/** Nor is one after another while Postgres does not answer, or not in time. */
const REST_MS = 10_000;
const REMEMBERED = { most: 2_000, longest: 64 };

type Known = { readonly days: readonly HashtagDay[]; readonly untilMs: number };

/** What a hashtag counted so far. Fails open: without Postgres a page has no trend, and what would be noted is noted by a later visit. */
export function trendOf({ hashtagHistory, clock, pause, log }: TrendPorts) {
  const known = recentlyMade<Known>(REMEMBERED);
  const noted = recentlyMade<true>(REMEMBERED);
  let restsUntilMs = 0;

  async function read(id: string): Promise<readonly HashtagDay[]> {
    try {
      const days = await hashtagHistory.of(id, MOST_DAYS);
      known.put(id, { days, untilMs: clock() + KEPT_MS });
      return days;
    } catch (error) {
      restsUntilMs = clock() + REST_MS;
      log.error("hashtag-history-not-read", { error });
      return [];
    }
  }

  async function readInTime(id: string): Promise<readonly HashtagDay[]> {
    const days = await Promise.race([read(id), pause(WAIT_MS)]);
    if (days !== undefined) return days;
    restsUntilMs = clock() + REST_MS;
    return [];
  }

  async function write(info: HashtagInfo & { readonly name: string }, day: string): Promise<void> {
    const { id, name, users, views } = info;
    if (id === null || users === null || views === null) return;
    if (noted.get(`${id}:${day}`) || clock() < restsUntilMs) return;
    try {
      await hashtagHistory.note({ id, name, day, users, views });
      noted.put(`${id}:${day}`, true);
    } catch (error) {
      restsUntilMs = clock() + REST_MS;
      log.error("hashtag-history-not-noted", { error });
    }
  }

  return {
    async of(id: string | null): Promise<readonly HashtagDay[]> {
      const kept = id === null ? undefined : known.get(id);
      if (kept !== undefined && clock() < kept.untilMs) return kept.days;
      if (id === null || clock() < restsUntilMs) return [];
      return readInTime(id);
    },
    /** Notes what was counted on the day that the upstream said so, behind the response, while that is not past its time. */
    note({ fetchedAtMs, freshMs }: Entry, info: HashtagInfo & { readonly name: string }, background: Background): void {
      if (clock() < fetchedAtMs + freshMs) background(write(info, utcDay(fetchedAtMs)));
    },
  };
}
