import { errors, type Redis } from "@upstash/redis/cloudflare";
import { knownChanges, parseLog, type Change, type KnownChanges } from "../core/changes.ts";
import type { ChangeLog, Confirm, Reading } from "../core/control-ports.ts";
import type { Alongside, Log, WaitBudget } from "../core/ports.ts";
import { mgetAlongside } from "./upstash-alongside.ts";

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
/** The id of the log's last entry: who knows that one has nothing to read. */
const NEWEST = "tkc:newest";
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
  const append = appending(redis);
  return {
    async publish(changes) {
      for (const change of changes) heed(change);
      try {
        await Promise.all(changes.map(append));
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
    await redis.del(LOG, NEWEST);
  } catch (error) {
    log.error("change-log-not-broken-off", { error });
  }
}

/**
 * Follows the log for one isolate: with no command of its own where another question brings along that there is nothing new, else with one as long as the
 * log goes on where the last reading ended.
 */
export function upstashConfirm(redis: Redis, settings: ConfirmSettings, log: Log): Confirm {
  const { afterMs, confirmMs, clock } = settings;
  const known = knownChanges({ gapMs: settings.gapMs, most: MOST_MARKS, mostPurges: MOST_PURGES });
  const append = appending(redis);
  let lastId: string | undefined;
  let begunBehindMs = -Infinity;

  /** Notes a page that was read from `start` on, and those after it; what stands at `start` itself is no news. Returns the last id. */
  async function noteFrom(start: string, firstPage: Page): Promise<string | undefined> {
    let last: string | undefined;
    for (let page = firstPage; ; page = await range(redis, last ?? start)) {
      const news = page.filter(({ id }) => id !== (last ?? start));
      for (const { id, change } of news)
        if (change !== undefined) known.note(change, Math.max(clock(), appendedAtMs(id)));
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
    lastId = (await noteFrom(start, page)) ?? newest ?? (await append({ kind: "began" }));
  }

  /** A reading is its own request's: one request must not await another's promise, and two that overlap note the same things. */
  async function readNews(): Promise<void> {
    const begunMs = clock();
    try {
      const isUnbroken = await goOn();
      if (!isUnbroken) await beginAnew(begunMs);
      known.confirm(begunMs, isUnbroken);
    } catch (error) {
      log.error("changes-not-read", { error });
    }
  }

  const follow = { known, newestKnown: () => lastId, readNews };
  return {
    heed: (change) => known.note(change, clock()),
    vouchesFor: known.vouchesFor,
    purgedAt: known.purgedAt,
    refresh(wait, background) {
      const nowMs = clock();
      const ageMs = nowMs - known.confirmedAtMs();
      if (ageMs < afterMs) return undefined;
      if (ageMs >= confirmMs) return readingOf(redis, follow, { wait, isAfterGap: ageMs > settings.gapMs, clock, log });
      if (nowMs - begunBehindMs >= afterMs) {
        begunBehindMs = nowMs;
        background(readNews());
      }
      return undefined;
    },
  };
}

/** How an isolate follows the log. */
type Follow = {
  readonly known: KnownChanges;
  /** The id of the last entry that it has read. */
  newestKnown(): string | undefined;
  readNews(): Promise<void>;
};

type ReadingSettings = Pick<Reading, "isAfterGap"> &
  Pick<ConfirmSettings, "clock"> & { readonly wait: WaitBudget; readonly log: Log };

/** A reading for one request. */
function readingOf(redis: Redis, { known, newestKnown, readNews }: Follow, settings: ReadingSettings): Reading {
  const { wait, isAfterGap, clock, log } = settings;
  let begun: Promise<unknown> | undefined;
  let [isAsked, isUpToDate] = [false, false];
  const alongside: Alongside = {
    names: [NEWEST],
    wantsTime: false,
    heard([newest], { askedAtMs }) {
      isAsked = true;
      if (newestKnown() === undefined || newest !== newestKnown()) return;
      known.confirm(askedAtMs, true);
      isUpToDate = true;
    },
  };
  /** With what is wanted besides the log's last id is asked for, and the log itself where that is another. */
  const read = async (also: readonly Alongside[]) => {
    try {
      const isOfUse = also.length > 0 && !isAsked && newestKnown() !== undefined;
      if (isOfUse) await mgetAlongside(redis, [], { alongside: [alongside, ...also], clock });
    } catch (error) {
      log.error("changes-not-read", { error });
      return;
    }
    if (!isUpToDate) await readNews();
  };
  return {
    alongside,
    isAfterGap,
    async done(also = []) {
      if (!isUpToDate) await (begun ??= wait.within<unknown>(() => read(also), "late"));
    },
  };
}

/** KEYS: the log, its last entry's id. ARGV: how many entries are kept about, an entry. Both or none: who compares ids must not miss one. 2 commands. */
const APPEND = `
local id = redis.call("XADD", KEYS[1], "MAXLEN", "~", ARGV[1], "*", "change", ARGV[2])
redis.call("SET", KEYS[2], id)
return id
`;

/** Adds an entry and returns its id. */
function appending(redis: Redis) {
  const append = redis.createScript<string>(APPEND);
  return (entry: Change | { readonly kind: "began" }): Promise<string> =>
    append.exec([LOG, NEWEST], [String(MOST_ENTRIES), JSON.stringify(entry)]);
}

/**
 * The time of Redis in an entry's id. A record says by its reader's clock when it was read: an isolate whose own is behind would take one that
 * was read before a change for one from after it.
 */
function appendedAtMs(id: string): number {
  return Number.parseInt(id, 10);
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
