import type { Ledger, OpenReservation } from "../../src/core/ports.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { uuid7 } from "../../src/core/uuid7.ts";

/** A ledger in memory by a clock that is handed in, for timelines and simulation. It passes the contract of the real one. */
export function memoryLedger(clock: () => number): Ledger {
  const eventIdOf = new Map<string, string>();
  const open = new Map<string, OpenReservation>();
  const outbox = new Map<string, { readonly event: UsageEvent; readonly settledAtMs: number }>();
  return {
    async reserve({ randomBits, ...order }) {
      const occurredAtMs = clock();
      const eventId = eventIdOf.get(randomBits) ?? uuid7(occurredAtMs, Buffer.from(randomBits, "hex"));
      if (!eventIdOf.has(randomBits)) open.set(eventId, { ...order, eventId, occurredAtMs });
      eventIdOf.set(randomBits, eventId);
      return { kind: "reserved", eventId, occurredAtMs };
    },
    async release(randomBits) {
      open.delete(eventIdOf.get(randomBits) ?? "");
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
