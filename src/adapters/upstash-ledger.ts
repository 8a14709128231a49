import type { Redis } from "@upstash/redis/cloudflare";
import { parseOpenReservation, parseUsageEvent } from "../core/messages.ts";
import type { Candidate, Ledger, Log, Reservation } from "../core/ports.ts";
import type { UsageEvent } from "../core/usage.ts";
import { uuid7TimeMs } from "../core/uuid7.ts";
import { FORGET, OLDER_THAN, PUT_BACK, RELEASE, RESERVE, SET_ASIDE, SETTLE } from "./upstash-ledger-scripts.ts";

/** Open reservations by event id, and their ids by the time they were made. */
const OPEN = ["tkl:open", "tkl:open-since"] as const;
/** Settled events that are not yet known to be in the books: the second copy of what goes through the queue. */
const OUTBOX = ["tkl:outbox", "tkl:outbox-since"] as const;

/** What no version of this code can read, for a person to look at: left in its place it would come first in every sweep. */
const UNREADABLE = "tkl:unreadable";

/**
 * What is known of each platform key, under its id: `load:<id>` is a minute since 1970 and how many dispatches it had, `out:<id>` is until
 * when the key is out, Unix milliseconds, and why. It has two fields a key and each says when it is over, so nothing has to expire.
 */
export const PLATFORM_KEYS = "tkl:platform-keys";

/** How long the same random bits answer with the same event id: longer than any repetition of a reservation can take. */
const REPEAT_SECONDS = 60;

/**
 * The ledger in Redis. Fails closed: when Redis does not answer, `reserve` says `unavailable` and nothing may be dispatched. Every
 * script is idempotent by event id, so a command whose reply was lost may be sent again.
 */
export function upstashLedger(redis: Redis, log: Log): Ledger {
  const reserve = redis.createScript<string>(RESERVE);
  const release = redis.createScript<number>(RELEASE);
  const settle = redis.createScript<number>(SETTLE);
  const forget = redis.createScript<number>(FORGET);
  const olderThan = redis.createScript<string[]>(OLDER_THAN);
  const setAside = redis.createScript<number>(SET_ASIDE);
  const read = async <T>(
    keys: readonly string[],
    bounds: readonly (number | string)[],
    parse: (id: string, json: string) => T | undefined,
  ) => {
    const pairs = inPairs(await olderThan.exec([...keys], bounds.map(String)));
    const values = pairs.map(([id, json]) => ({ id, value: parse(id, json) }));
    const unreadable = values.flatMap(({ id, value }) => (value === undefined ? [id] : []));
    if (unreadable.length > 0) {
      log.error("ledger-values-unreadable", { ids: unreadable, from: keys[0] });
      await setAside.exec([...keys, UNREADABLE], unreadable);
    }
    return values.flatMap(({ value }) => (value === undefined ? [] : [value]));
  };
  return {
    async reserve({ randomBits, candidates, ...order }) {
      try {
        const args = [randomBits, JSON.stringify(order), String(REPEAT_SECONDS), ...candidates.flatMap(idAndCap)];
        return reservationOf(await reserve.exec([markerOf(randomBits), ...OPEN, PLATFORM_KEYS], args));
      } catch (error) {
        log.error("ledger-reserve-failed", { error });
        return { kind: "unavailable" };
      }
    },
    async release(randomBits) {
      await release.exec([markerOf(randomBits), ...OPEN], []);
    },
    async settle(event) {
      try {
        const settled = await settle.exec([...OPEN, ...OUTBOX], [event.eventId, JSON.stringify(event)]);
        return settled === 1 ? "settled" : "already-settled";
      } catch (error) {
        log.error("ledger-settle-failed", { error, eventId: event.eventId });
        return "unavailable";
      }
    },
    async forget(eventIds) {
      if (eventIds.length > 0) await forget.exec([...OUTBOX], [...eventIds]);
    },
    abandoned: (ageMs, limit) => read(OPEN, [ageMs, limit], parseOpenReservation),
    unrecorded: (ageMs, limit) => read(OUTBOX, [ageMs, limit, PUT_BACK], parseOutboxed),
  };
}

function markerOf(randomBits: string): string {
  return `tkl:bits:${randomBits}`;
}

function idAndCap({ id, cap }: Candidate): string[] {
  return [id, cap === null ? "" : String(cap)];
}

function reservationOf(reserved: string): Reservation {
  const [eventId = "", wasOut, upstreamKeyId = ""] = reserved.split(" ");
  return { kind: "reserved", eventId, occurredAtMs: uuid7TimeMs(eventId), upstreamKeyId, wasOut: wasOut === "1" };
}

/** An event under an id that is not its own would never leave: what is recorded is forgotten by the event's id. */
function parseOutboxed(id: string, json: string): UsageEvent | undefined {
  const event = parseUsageEvent(json);
  return event?.eventId === id ? event : undefined;
}

function inPairs(flat: readonly string[]): (readonly [string, string])[] {
  return flat.flatMap((id, at) => (at % 2 === 0 ? [[id, flat[at + 1] ?? ""] as const] : []));
}
