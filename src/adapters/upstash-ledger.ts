import type { Redis } from "@upstash/redis/cloudflare";
import { isOutcome } from "../core/charge.ts";
import { parseOpenReservation, parseUsageEvent } from "../core/messages.ts";
import type { Candidate, LeaseNote, Ledger, OutboxEvent, Reservation, Reserve } from "../core/ledger.ts";
import type { Log } from "../core/ports.ts";
import type { UsageEvent } from "../core/usage.ts";
import { uuid7TimeMs } from "../core/uuid7.ts";
import {
  FORGET,
  NOTE_LEASE,
  OLDER_THAN,
  PROLONG_LEASE,
  PUT_BACK,
  RELEASE,
  RESERVE,
  SET_ASIDE,
  SETTLE,
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

/** Open reservations by event id, and their ids by the time they were made. */
export const OPEN = ["tkl:open", "tkl:open-since"] as const;
/** Settled events that are not yet known to be in the books: the second copy of what goes through the queue. */
export const OUTBOX = ["tkl:outbox", "tkl:outbox-since"] as const;

/** While it is there, nothing of the tenant leaves the outbox: its counters are being made of it and of the books. */
export function holdOf(tenantId: string): string {
  return `tkl:hold:${tenantId}`;
}

/** What no version of this code can read, for a person to look at: left in its place it would come first in every sweep. */
const UNREADABLE = "tkl:unreadable";

/** How long the same random bits answer with the same event id: longer than any repetition of a reservation can take. */
const REPEAT_SECONDS = 60;

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
  const { reserve, release, settle, prolongLease, noteLease, forget } = scriptsOf(redis);
  const read = sweeping(redis, log);
  return {
    async reserve(request) {
      try {
        const { tenantId, randomBits, candidates } = request;
        const keys = [
          markerOf(randomBits),
          tenantOf(tenantId),
          leaseOf(request),
          ...OPEN,
          ...candidates.flatMap(statesOf),
        ];
        return reservationOf(await reserve.exec(keys, argumentsOf(request, settings)));
      } catch (error) {
        log.error("ledger-reserve-failed", { error });
        return { kind: "unavailable" };
      }
    },
    async release(request) {
      const { tenantId, credits, requestId, lease, randomBits } = request;
      const keys = [markerOf(randomBits), tenantOf(tenantId), leaseOf(request), ...OPEN];
      await release.exec(keys, [String(credits), requestId, lease === null ? "0" : "1"]);
    },
    async settle(event, reservedCredits) {
      const { eventId, tenantId, creditsCharged, creditsInDoubt } = event;
      try {
        const args = [eventId, JSON.stringify(event), String(reservedCredits - creditsCharged - creditsInDoubt)];
        const settled = await settle.exec([...OPEN, ...OUTBOX, tenantOf(tenantId)], args);
        return settled === 1 ? "settled" : "already-settled";
      } catch (error) {
        log.error("ledger-settle-failed", { error, eventId });
        return "unavailable";
      }
    },
    async renewLease(lease, requestId) {
      await prolongLease.exec([leaseOf({ lease })], [requestId, String(settings.leaseMs)]);
    },
    async endLease(lease, requestId, left) {
      const keys = [leaseOf({ lease })];
      if (left === null) await prolongLease.exec(keys, [requestId, "0"]);
      else await noteLease.exec(keys, [requestId, noteText(left.note, requestId), String(left.noteMs)]);
    },
    async forget(events) {
      for (let at = 0; at < events.length; at += FORGOTTEN_AT_ONCE) {
        const { holds, args } = forgetting(events.slice(at, at + FORGOTTEN_AT_ONCE));
        await forget.exec([...OUTBOX, ...holds], args);
      }
    },
    abandoned: (ageMs, limit) => read(OPEN, [ageMs, limit], parseOpenReservation),
    unrecorded: (ageMs, limit) => read(OUTBOX, [ageMs, limit, PUT_BACK], parseOutboxed),
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
  };
}

/** Reads what is older than some age, and sets aside what nobody can read. */
function sweeping(redis: Redis, log: Log) {
  const olderThan = redis.createScript<string[]>(OLDER_THAN);
  const setAside = redis.createScript<number>(SET_ASIDE);
  return async function read<T>(
    keys: readonly string[],
    bounds: readonly (number | string)[],
    parse: (id: string, json: string) => T | undefined,
  ): Promise<T[]> {
    const pairs = inPairs(await olderThan.exec([...keys], bounds.map(String)));
    const values = pairs.map(([id, json]) => ({ id, value: parse(id, json) }));
    const unreadable = values.flatMap(({ id, value }) => (value === undefined ? [id] : []));
    if (unreadable.length > 0) {
      log.error("ledger-values-unreadable", { ids: unreadable, from: keys[0] });
      await setAside.exec([...keys, UNREADABLE], unreadable);
    }
    return values.flatMap(({ value }) => (value === undefined ? [] : [value]));
  };
}

function markerOf(randomBits: string): string {
  return `tkl:bits:${randomBits}`;
}

/** What the ledger counts of a tenant: its windows and its status. */
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
    String(REPEAT_SECONDS),
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
