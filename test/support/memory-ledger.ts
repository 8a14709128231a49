import type { Ledger, OpenReservation, Reservation } from "../../src/core/ports.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { uuid7 } from "../../src/core/uuid7.ts";
import { memoryPlatformKeys } from "./memory-platform-keys.ts";

/** A ledger in memory by a clock that is handed in, for timelines and simulation. It passes the contract of the real one. */
export function memoryLedger(clock: () => number, platformKeys = memoryPlatformKeys(clock)): Ledger {
  const reservations = new Map<string, Extract<Reservation, { kind: "reserved" }>>();
  const open = new Map<string, OpenReservation>();
  const outbox = new Map<string, { readonly event: UsageEvent; readonly settledAtMs: number }>();
  return {
    async reserve({ randomBits, candidates, ...order }) {
      const known = reservations.get(randomBits);
      if (known !== undefined) return known;
      const occurredAtMs = clock();
      const eventId = uuid7(occurredAtMs, Buffer.from(randomBits, "hex"));
      const { id: upstreamKeyId, wasOut } = platformKeys.pick(candidates);
      const reservation = { kind: "reserved", eventId, occurredAtMs, upstreamKeyId, wasOut } as const;
      open.set(eventId, { ...order, upstreamKeyId, eventId, occurredAtMs });
      reservations.set(randomBits, reservation);
      return reservation;
    },
    async release(randomBits) {
      open.delete(reservations.get(randomBits)?.eventId ?? "");
    },
    async settle(event) {
      if (!open.delete(event.eventId)) return "already-settled";
      outbox.set(event.eventId, { event, settledAtMs: clock() });
      return "settled";
    },
    async forget(eventIds) {
      for (const eventId of eventIds) outbox.delete(eventId);
    },
    async abandoned(ageMs, limit) {
      return [...open.values()].filter(({ occurredAtMs }) => occurredAtMs <= clock() - ageMs).slice(0, limit);
    },
    async unrecorded(ageMs, limit) {
      const due = [...outbox.values()].filter(({ settledAtMs }) => settledAtMs <= clock() - ageMs);
      const handedOut = due.slice(0, limit).map(({ event }) => event);
      for (const event of handedOut) {
        outbox.delete(event.eventId);
        outbox.set(event.eventId, { event, settledAtMs: clock() });
      }
      return handedOut;
    },
  };
}
