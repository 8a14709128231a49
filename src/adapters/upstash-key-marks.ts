import type { Redis } from "@upstash/redis/cloudflare";
import type { KeyMarks, PlatformKeys } from "../core/ports.ts";
import type { PlatformKeyView } from "../core/resources.ts";
import { RECORD } from "./upstash-admission-script.ts";
import { NOW } from "./upstash-clock-script.ts";
import { statesOf } from "./upstash-ledger.ts";
import { answering } from "./upstash-redis.ts";

/** A key that nobody has asked for as long is nobody's trouble, and the operator is told anew of it. */
const FORGOTTEN_MS = 86_400_000;

/**
 * Marks are one text for each upstream key, so that a reservation reads those of all candidates with one command: until when the key is
 * out, until when it cools down, how often the upstream failed on it in a row, until when it rests for that (0 for not at all), and why it is out.
 */
const MARKS = `
local out, cool, failures, broken, reason = string.match(redis.call("GET", KEYS[1]) or "", "^(%d+) (%d+) (%d+) (%d+) ?(.*)$")
out, cool, failures, broken, reason = tonumber(out or 0), tonumber(cool or 0), tonumber(failures or 0), tonumber(broken or 0), reason or ""
local function mark()
  local text = string.format("%.0f %.0f %.0f %.0f %s", out, cool, failures, broken, reason)
  redis.call("SET", KEYS[1], text, "PX", ${FORGOTTEN_MS})
end
`;

/**
 * KEYS: the marks. ARGV: how long it is out in milliseconds, a reason. Returns 1 when the key had served since it was last taken out. One
 * that is out is left alone: requests that were on their way must not prolong it. At most 3 commands.
 */
const TAKE_OUT = `${NOW}${MARKS}
if out > ms then return 0 end
local isFirst = out == 0 and 1 or 0
out, reason = ms + tonumber(ARGV[1]), ARGV[2]
mark()
return isFirst
`;

/** KEYS: the marks. ARGV: how long it cools down in milliseconds; not anew while it does. At most 3 commands. */
const COOL_DOWN = `${NOW}${MARKS}
if cool > ms then return 0 end
cool = ms + tonumber(ARGV[1])
mark()
return 1
`;

/** KEYS: the marks. ARGV: how many failures in a row break it, for how long in milliseconds. 3 commands. */
const NOTE_FAILURE = `${NOW}${MARKS}
failures = failures + 1
if failures >= tonumber(ARGV[1]) then broken = ms + tonumber(ARGV[2]) end
mark()
return failures
`;

/**
 * KEYS: the marks. ARGV: when the dispatch that was served had been reserved, how long a key is out in milliseconds. What came after that is not
 * taken back by it: it was on its way. A cool-down never is, for nothing that was reserved within one can have been served. At most 3 commands.
 */
const CLEAR = `${NOW}${MARKS}
failures, broken = 0, 0
if out - tonumber(ARGV[2]) <= tonumber(ARGV[1]) then out, reason = 0, "" end
if out == 0 and cool <= ms then return redis.call("DEL", KEYS[1]) end
mark()
return 0
`;

/** KEYS: ring and marks of keys in turn. Returns the time in milliseconds and the texts, empty for none. 2 commands. */
const LIST = `${NOW}
local states = { string.format("%.0f", ms) }
for i, text in ipairs(redis.call("MGET", unpack(KEYS))) do states[i + 1] = text or "" end
return states
`;

const MINUTE_MS = 60_000;
const RECORDS = new RegExp(`.{${RECORD.width}}`, "g");

type Key = { readonly id: string; readonly cap: number };

export type KeyMarksSettings = {
  /** The platform's. */
  readonly keys: () => Promise<readonly Key[]>;
  /** How long a platform key that was refused is not asked again, milliseconds. */
  readonly outMs: number;
  /** After so many failures in a row a key rests for `breakerRestMs`, but for one request at a time. */
  readonly breakerFailures: number;
  readonly breakerRestMs: number;
};

/** What stands against upstream keys, in the ledger's Redis, where the reservation script reads it. */
export function upstashKeyMarks(redis: Redis, settings: KeyMarksSettings): KeyMarks & PlatformKeys {
  const { keys, outMs, breakerFailures, breakerRestMs } = settings;
  const list = redis.createScript<string[]>(LIST);
  const takeOut = redis.createScript<number>(TAKE_OUT);
  const coolDown = redis.createScript<number>(COOL_DOWN);
  const noteFailure = redis.createScript<number>(NOTE_FAILURE);
  const clear = redis.createScript<number>(CLEAR);
  return {
    async list() {
      const known = await keys();
      if (known.length === 0) return [];
      const [nowMs, ...states] = await answering(list.exec(known.flatMap(statesOf), []));
      const view = (key: Key, at: number) =>
        viewOf(key, { ring: states[2 * at] ?? "", marks: states[2 * at + 1] ?? "", nowMs: Number(nowMs) });
      return known.map(view);
    },
    async takeOut(id, reason) {
      return (await answering(takeOut.exec([marksOf(id)], [String(outMs), reason]))) === 1;
    },
    async restore(id) {
      const isKnown = (await keys()).some((key) => key.id === id);
      if (isKnown) await answering(redis.del(marksOf(id)));
      return isKnown;
    },
    async coolDown(id, ms) {
      await answering(coolDown.exec([marksOf(id)], [String(ms)]));
    },
    async noteFailure(id) {
      await answering(noteFailure.exec([marksOf(id)], [String(breakerFailures), String(breakerRestMs)]));
    },
    async clear(id, reservedAtMs) {
      await answering(clear.exec([marksOf(id)], [String(reservedAtMs), String(outMs)]));
    },
  };
}

function marksOf(id: string): string {
  return statesOf({ id })[1];
}
type States = { readonly ring: string; readonly marks: string; readonly nowMs: number };

/** The gravest thing that stands against it. */
function viewOf({ id, cap }: Key, { ring, marks, nowMs }: States): PlatformKeyView {
  const [out = 0, cool = 0, , broken = 0] = marks.split(" ", 4).map(Number);
  const counted = { id, load: loadOf(ring, nowMs), cap };
  if (out > nowMs) {
    const reason = /^(?:\d+ ){4}(.*)$/s.exec(marks)?.[1] ?? "";
    return { ...counted, state: "out", reason, until: isoOf(out) };
  }
  if (cool > nowMs) return { ...counted, state: "cooling", reason: "429", until: isoOf(cool) };
  if (broken > nowMs) return { ...counted, state: "failing", reason: "The upstream fails.", until: isoOf(broken) };
  return { ...counted, state: "in-use", reason: null, until: null };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Records stand behind the last bar, the first 13 characters of each are Unix milliseconds. */
function loadOf(ring: string, nowMs: number): number {
  const records = ring.slice(ring.lastIndexOf("|") + 1).match(RECORDS) ?? [];
  return records.filter((record) => Number(record.slice(0, 13)) > nowMs - MINUTE_MS).length;
}
