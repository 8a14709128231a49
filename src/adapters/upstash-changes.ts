import { errors, type Redis } from "@upstash/redis/cloudflare";
import { knownChanges, parseLog, type Change } from "../core/changes.ts";
import type { ChangeLog, Confirm } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";

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
const PAGE = 1_001;

/** A stream in Redis takes the changes. Never throws; what is published twice is read twice. */
export function upstashChangeLog(redis: Redis, log: Log): ChangeLog {
  return {
    async publish(changes) {
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
  const known = knownChanges({ gapMs: settings.gapMs, most: MOST_MARKS });
  let lastId: string | undefined;
  let begunBehindMs = -Infinity;

  /** Notes what stands in the log from `start` on, which is not news itself, and returns the first id found. */
  async function noteFrom(start: string): Promise<string | undefined> {
    let first: string | undefined;
    for (let from = start; ;) {
      const entries = await range(redis, from);
      first ??= entries[0]?.id;
      for (const { id, change } of entries) if (change !== undefined && id !== from) known.note(change, clock());
      const last = entries.at(-1)?.id;
      if (last !== undefined) from = lastId = last;
      if (entries.length < PAGE) return first;
    }
  }

  /** A log is begun by whoever finds it empty, so that the next reading can tell whether it was lost in between. */
  async function beginAnew(nowMs: number): Promise<void> {
    lastId = (await newestId(redis)) ?? (await append(redis, { kind: "began" }));
    await noteFrom(String(Math.max(0, nowMs - settings.historyMs)));
  }

  /** A reading is its own request's: one request must not await another's promise, and two that overlap note the same things. */
  async function readNews(): Promise<"read"> {
    const begunMs = clock();
    try {
      const from = lastId;
      const isUnbroken = from !== undefined && (await noteFrom(from)) === from;
      if (!isUnbroken) await beginAnew(begunMs);
      known.confirm(begunMs, isUnbroken);
    } catch (error) {
      log.error("changes-not-read", { error });
    }
    return "read";
  }

  return {
    vouchesFor: known.vouchesFor,
    async refresh(wait, background) {
      const nowMs = clock();
      const ageMs = nowMs - known.confirmedAtMs();
      if (ageMs < afterMs) return;
      if (ageMs >= confirmMs) await wait.within<"read" | "late">(readNews, "late");
      else if (nowMs - begunBehindMs >= afterMs) {
        begunBehindMs = nowMs;
        background(readNews());
      }
    },
  };
}

async function append(redis: Redis, entry: Change | { readonly kind: "began" }): Promise<string> {
  return redis.exec<string>(["XADD", LOG, "MAXLEN", "~", MOST_ENTRIES, "*", "change", JSON.stringify(entry)]);
}

async function newestId(redis: Redis): Promise<string | undefined> {
  return parseLog(await redis.exec(["XREVRANGE", LOG, "+", "-", "COUNT", 1]))[0]?.id;
}

async function range(redis: Redis, from: string): Promise<ReturnType<typeof parseLog>> {
  return parseLog(await redis.exec(["XRANGE", LOG, from, "+", "COUNT", PAGE]));
}
