import { errors, type Redis } from "@upstash/redis/cloudflare";
import { knownChanges, parseLog, type Change } from "../core/changes.ts";
import type { ChangeLog, Confirm } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";

type Page = ReturnType<typeof parseLog>;

export type ConfirmSettings = {
  /** A reading younger than this is not repeated; one younger than `confirmMs` is repeated behind the response. */
  readonly afterMs: number;
  readonly confirmMs: number;
  /** How long the log may go unread and still vouch for what was read before. */
  readonly gapMs: number;
  /** How far back the log is read by an isolate that knows nothing. */
  readonly historyMs: number;
  readonly clock: () => number;
};

const LOG = "tkc:log";
/** Of the log: hours of changes, where an isolate needs minutes. */
const MOST_ENTRIES = 10_000;
const MOST_MARKS = 10_000;
/** A call's identity may have some thousand characters, and an isolate has 128 MB for all that it does. */
const MOST_PURGES = 1_000;
const PAGE = 1_001;

/**
 * A stream in Redis takes the changes. Never throws; what is published twice is read twice. This isolate knows of them at once (`heed`), for
 * whoever made a change may look at its effect next.
 */
export function upstashChangeLog(redis: Redis, heed: (change: Change) => void, log: Log): ChangeLog {
  return {
    async publish(changes) {
      for (const change of changes) heed(change);
      try {
        await Promise.all(changes.map((change) => append(redis, change)));
        return "published";
      } catch (error) {
        log.error("changes-not-published", { error });
        if (error instanceof errors.UpstashError) await breakOff(redis, log);
        return "unavailable";
      }
    },
  };
}

/**
 * A Redis that is full answers readings and refuses to write: every isolate would go on finding nothing new. Without its log they all ask
 * Postgres, and a full Redis still deletes.
 */
async function breakOff(redis: Redis, log: Log): Promise<void> {
  try {
    await redis.del(LOG);
  } catch (error) {
    log.error("change-log-not-broken-off", { error });
  }
}

/** Follows the log for one isolate, with one command a reading as long as the log goes on where the last reading ended. */
export function upstashConfirm(redis: Redis, settings: ConfirmSettings, log: Log): Confirm {
  const { afterMs, confirmMs, clock } = settings;
  const known = knownChanges({ gapMs: settings.gapMs, most: MOST_MARKS, mostPurges: MOST_PURGES });
  let lastId: string | undefined;
  let begunBehindMs = -Infinity;

  /** Notes a page that was read from `start` on, and those after it; what stands at `start` itself is no news. Returns the last id. */
  async function noteFrom(start: string, firstPage: Page): Promise<string | undefined> {
    let last: string | undefined;
    for (let page = firstPage; ; page = await range(redis, last ?? start)) {
      const news = page.filter(({ id }) => id !== (last ?? start));
      for (const { change } of news) if (change !== undefined) known.note(change, clock());
      last = page.at(-1)?.id ?? last;
      if (page.length < PAGE) return last;
    }
  }

  /** Whether the log still had what the last reading ended with. */
  async function goOn(): Promise<boolean> {
    const from = lastId;
    if (from === undefined) return false;
    const page = await range(redis, from);
    if (page[0]?.id !== from) return false;
    lastId = await noteFrom(from, page);
    return true;
  }

  /** A log is begun by whoever finds it empty, so that the next reading can tell whether it was lost in between. */
  async function beginAnew(nowMs: number): Promise<void> {
    const start = String(Math.max(0, nowMs - settings.historyMs));
    const { newest, page } = await newestAndRange(redis, start);
    lastId = (await noteFrom(start, page)) ?? newest ?? (await append(redis, { kind: "began" }));
  }

  /** A reading is its own request's: one request must not await another's promise, and two that overlap note the same things. */
  async function readNews(): Promise<"read"> {
    const begunMs = clock();
    try {
      const isUnbroken = await goOn();
      if (!isUnbroken) await beginAnew(begunMs);
      known.confirm(begunMs, isUnbroken);
    } catch (error) {
      log.error("changes-not-read", { error });
    }
    return "read";
  }

  return {
    heed: (change) => known.note(change, clock()),
    vouchesFor: known.vouchesFor,
    purgedAt: known.purgedAt,
    refresh(wait, background) {
      const nowMs = clock();
      const ageMs = nowMs - known.confirmedAtMs();
      if (ageMs < afterMs) return undefined;
      if (ageMs >= confirmMs) return wait.within<"read" | "late">(readNews, "late");
      if (nowMs - begunBehindMs >= afterMs) {
        begunBehindMs = nowMs;
        background(readNews());
      }
      return undefined;
    },
  };
}

async function append(redis: Redis, entry: Change | { readonly kind: "began" }): Promise<string> {
  return redis.exec<string>(["XADD", LOG, "MAXLEN", "~", MOST_ENTRIES, "*", "change", JSON.stringify(entry)]);
}

async function range(redis: Redis, from: string): Promise<Page> {
  return parseLog(await redis.exec(["XRANGE", LOG, from, "+", "COUNT", PAGE]));
}

/** In one request: all that a cold isolate waits for Redis is one budget. */
async function newestAndRange(redis: Redis, from: string) {
  const pipeline = redis.pipeline().xrevrange(LOG, "+", "-", 1).xrange(LOG, from, "+", PAGE);
  const [newest, page] = await pipeline.exec<[unknown, unknown]>();
  return { newest: parseLog(newest)[0]?.id, page: parseLog(page) };
}
