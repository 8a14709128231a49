import type { Redis } from "@upstash/redis/cloudflare";
import { isOutcome } from "../core/charge.ts";
import { parseOpenReservation, parseUsageEvent } from "../core/messages.ts";
import type { Candidate, LeaseNote, Ledger, OutboxEvent, Reservation, Reserve } from "../core/ledger.ts";
import type { Log } from "../core/ports.ts";
import type { UsageEvent } from "../core/usage.ts";
import { uuid7TimeMs } from "../core/uuid7.ts";
import {
  ABANDONED,
  FORGET,
  NOTE_LEASE,
  PROLONG_LEASE,
  RELEASE,
  RESERVE,
  SET_ASIDE,
  SETTLE,
  UNRECORDED,
} from "./upstash-ledger-scripts.ts";

export type LedgerSettings = {
  /** How long a lease lasts that nobody renews, milliseconds. */
  readonly leaseMs: number;
  /** The window of an upstream key's cap, a minute but in tests, milliseconds. */
  readonly capWindowMs: number;
  /** How many dispatches an upstream key takes within a second. */
  readonly perSecond: number;
  /** What may lie between a reservation and its dispatch, milliseconds: the windows are longer by it. */
  readonly jitterMs: number;
  /** How long a key on which the upstream failed rests before one request tries it, milliseconds. */
  readonly breakerRestMs: number;
};

/** Open reservations by event id, which has the time that they were made. */
export const OPEN = "tkl:open";
/** Settled events that are not yet known to be in the books, and their ids by time: the second copy of what goes through the queue. */
export const OUTBOX = ["tkl:outbox", "tkl:outbox-since"] as const;

/** While it is there, nothing of the tenant leaves the outbox: its counters are being made of it and of the books. */
export function holdOf(tenantId: string): string {
  return `tkl:hold:${tenantId}`;
}

/** What no version of this code can read, for a person to look at: left in its place it would come first in every sweep. */
const UNREADABLE = "tkl:unreadable";

const SECOND_MS = 1_000;

/** One script takes so many events out of the outbox: the stack of Redis' Lua is finite, and a script keeps everybody else waiting. */
const FORGOTTEN_AT_ONCE = 1_000;

/** Who is paced asks again when it was told to, late by a round trip or two: what it missed of its schedule meanwhile is not lost. */
const CATCH_UP_MS = 1_000;

/**
 * The ledger in Redis. Fails closed: when Redis does not answer, `reserve` says `unavailable` and nothing may be dispatched. Every
 * script is idempotent by event id, so a command whose reply was lost may be sent again.
 */
export function upstashLedger(redis: Redis, settings: LedgerSettings, log: Log): Ledger {
  const { reserve, release, settle, prolongLease, noteLease, forget, abandoned, unrecorded } = scriptsOf(redis);
  const readable = settingAside(redis, log);
  return {
    async reserve(request) {
      try {
        const { tenantId, candidates } = request;
        const keys = [OPEN, tenantOf(tenantId), leaseOf(request), ...candidates.flatMap(statesOf)];
        return reservationOf(await reserve.exec(keys, argumentsOf(request, settings)));
      } catch (error) {
        log.error("ledger-reserve-failed", { error });
        return { kind: "unavailable" };
      }
    },
    async release(request) {
      const { tenantId, credits, requestId, lease, randomBits, candidates } = request;
      const rings = candidates.map((each) => statesOf(each)[0]);
      const keys = [OPEN, tenantOf(tenantId), leaseOf(request), ...rings];
      await release.exec(keys, [randomBits, String(credits), requestId, lease === null ? "0" : "1"]);
    },
    async settle(event, reservedCredits) {
      const { eventId, tenantId, creditsCharged, creditsInDoubt } = event;
      try {
        const args = [eventId, JSON.stringify(event), String(reservedCredits - creditsCharged - creditsInDoubt)];
        const settled = await settle.exec([OPEN, ...OUTBOX, tenantOf(tenantId)], args);
        return settled === 1 ? "settled" : "already-settled";
      } catch (error) {
        log.error("ledger-settle-failed", { error, eventId });
        return "unavailable";
      }
    },
    async renewLease(lease, requestId) {
      return (await prolongLease.exec([leaseOf({ lease })], [requestId, String(settings.leaseMs)])) === 1;
    },
    async endLease(lease, requestId, left) {
      const key = leaseOf({ lease });
      const note = left === null ? "" : noteText(left.note, requestId);
      if (left === null) await prolongLease.exec([key], [requestId, "0"]);
      else if (left.isSurelyHeld) await redis.set(key, note, { px: left.noteMs });
      else await noteLease.exec([key], [requestId, note, String(left.noteMs)]);
    },
    async forget(events) {
      for (let at = 0; at < events.length; at += FORGOTTEN_AT_ONCE) {
        const { holds, args } = forgetting(events.slice(at, at + FORGOTTEN_AT_ONCE));
        await forget.exec([...OUTBOX, ...holds], args);
      }
    },
    async abandoned(ageMs, limit) {
      const found = await abandoned.exec([OPEN], [String(ageMs), String(limit)]);
      return readable([OPEN, UNREADABLE], found, parseOpenReservation);
    },
    async unrecorded(ageMs, limit) {
      const found = await unrecorded.exec([...OUTBOX], [String(ageMs), String(limit)]);
      return readable([OUTBOX[0], UNREADABLE, OUTBOX[1]], found, parseOutboxed);
    },
  };
}

function scriptsOf(redis: Redis) {
  return {
    reserve: redis.createScript<string>(RESERVE),
    release: redis.createScript<number>(RELEASE),
    settle: redis.createScript<number>(SETTLE),
    prolongLease: redis.createScript<number>(PROLONG_LEASE),
    noteLease: redis.createScript<number>(NOTE_LEASE),
    forget: redis.createScript<number>(FORGET),
    abandoned: redis.createScript<string[]>(ABANDONED),
    unrecorded: redis.createScript<string[]>(UNRECORDED),
  };
}

/** What can be read of ids and values in turn. What nobody can read is set aside. */
function settingAside(redis: Redis, log: Log) {
  const setAside = redis.createScript<number>(SET_ASIDE);
  return async function readable<T>(
    keys: readonly [values: string, unreadable: string, times?: string],
    found: readonly string[],
    parse: (id: string, json: string) => T | undefined,
  ): Promise<T[]> {
    const values = inPairs(found).map(([id, json]) => ({ id, value: parse(id, json) }));
    const unreadable = values.flatMap(({ id, value }) => (value === undefined ? [id] : []));
    if (unreadable.length > 0) {
      log.error("ledger-values-unreadable", { ids: unreadable, from: keys[0] });
      await setAside.exec(
        keys.filter((key) => key !== undefined),
        unreadable,
      );
    }
    return values.flatMap(({ value }) => (value === undefined ? [] : [value]));
  };
}

/** What the ledger knows of a tenant, one text: its status and what it has spent. */
export function tenantOf(tenantId: string): string {
  return `tkl:tenant:${tenantId}`;
}

function leaseOf({ lease }: Pick<Reserve, "lease">): string {
  return `tkl:lease:${lease ?? ""}`;
}

/** What is known of an upstream key: when it was dispatched on of late, and what stands against it. */
export function statesOf({ id }: Pick<Candidate, "id">): readonly [ring: string, marks: string] {
  return [`tkl:ring:${id}`, `tkl:marks:${id}`];
}

/** The last twelve digits of an id tell tenants apart, as well as a ring needs to. */
const TAG_LENGTH = 12;

/** As `RESERVE` and `ADMISSION` read them. */
function argumentsOf(request: Reserve, settings: LedgerSettings): string[] {
  const { tenantId, endpoint, credits, requestId, quotas, priority, patienceMs, lease, candidates, randomBits } =
    request;
  const { leaseMs, capWindowMs, perSecond, jitterMs, breakerRestMs } = settings;
  return [
    randomBits,
    JSON.stringify({ tenantId, endpoint, credits, requestId }),
    String(credits),
    String(quotas.daily ?? ""),
    String(quotas.monthly ?? ""),
    requestId,
    lease === null ? "" : `${leaseMs} ${request.lookedAfter ?? ""}`,
    tenantId.slice(-TAG_LENGTH).padStart(TAG_LENGTH, "0"),
    priority,
    String(patienceMs),
    String(capWindowMs + jitterMs),
    `${perSecond} ${SECOND_MS + jitterMs}`,
    String(CATCH_UP_MS),
    String(breakerRestMs),
    ...candidates.flatMap(({ id, cap }) => [id, String(cap)]),
  ];
}

/** As `FORGET` reads it. */
function forgetting(events: readonly OutboxEvent[]) {
  const tenants = [...new Set(events.map(({ tenantId }) => tenantId))];
  const positions = new Map(tenants.map((tenantId, at) => [tenantId, String(at + 1)]));
  const args = events.flatMap(({ tenantId, eventId }) => [positions.get(tenantId) ?? "", eventId]);
  return { holds: tenants.map(holdOf), args };
}

/** As `RESERVE` reads it. */
function noteText(note: LeaseNote, requestId: string): string {
  if (note.kind === "stored") return `stored ${requestId}`;
  const { outcome, status, upstreamKeyId } = note.failure;
  return `failed ${outcome} ${status} ${upstreamKeyId}`;
}

function reservationOf(said: string): Reservation {
  const [kind = "", ...words] = said.split(" ");
  const numbers = words.map(Number);
  switch (kind) {
    case "reserved": {
      const [eventId = "", isMarked, upstreamKeyId = ""] = words;
      const spent = { daily: numbers[3] ?? 0, monthly: numbers[4] ?? 0 };
      return { kind, eventId, occurredAtMs: uuid7TimeMs(eventId), upstreamKeyId, isMarked: isMarked === "1", spent };
    }
    case "spent": {
      const [, daily = 0, monthly = 0, nowMs = 0] = numbers;
      return { kind, quota: words[0] === "monthly" ? "monthly" : "daily", spent: { daily, monthly }, nowMs };
    }
    case "busy":
      return { kind, inMs: numbers[0] ?? 0, cap: numbers[1] ?? 0 };
    case "broken":
      return { kind, inMs: numbers[0] ?? 0 };
    case "failed": {
      const [outcome, , upstreamKeyId = ""] = words;
      const known = isOutcome(outcome) ? outcome : "thrown";
      return { kind, failure: { outcome: known, status: numbers[1] ?? 0, upstreamKeyId } };
    }
    case "stored":
      return { kind, note: said };
    case "leased":
    case "suspended":
    case "uncounted":
      return { kind };
    default:
      throw new Error("The ledger's script says what no version of this code can read.");
  }
}

/** An event under an id that is not its own would never leave: what is recorded is forgotten by the event's id. */
function parseOutboxed(id: string, json: string): UsageEvent | undefined {
  const event = parseUsageEvent(json);
  return event?.eventId === id ? event : undefined;
}

function inPairs(flat: readonly string[]): (readonly [string, string])[] {
  return flat.flatMap((id, at) => (at % 2 === 0 ? [[id, flat[at + 1] ?? ""] as const] : []));
}
