import type { EventSender, Log, UsageQueue } from "../core/ports.ts";
import type { Usage, UsageEvent } from "../core/usage.ts";

export type EventSettings = {
  readonly flushMs: number;
  /** Events in the buffer that send it at once. */
  readonly flushEvents: number;
  readonly clock: () => number;
  /** What else is to be sent and may travel with them; it is lost where they are left in the outbox. */
  readonly takeAlong: () => readonly Usage[];
};

/**
 * Settled events of this isolate, sent together: a message an event would be three operations of the queue, and as many messages as there are
 * dispatches more than one queue takes. The outbox in Redis is the second copy, so nothing is lost with an isolate that is ended, or with a
 * queue that refuses: what does not come to the books is sent again by the sweep.
 */
export function bufferedEvents(
  queue: UsageQueue,
  { flushMs, flushEvents, clock, takeAlong }: EventSettings,
  log: Log,
): EventSender {
  let filling: UsageEvent[] = [];
  let dueAtMs = 0;

  const flush = async (full: UsageEvent[]): Promise<void> => {
    // It was full before its time, and another is being filled.
    if (full !== filling) return;
    filling = [];
    dueAtMs = 0;
    const along = takeAlong();
    try {
      await queue.send([...full.map((event) => ({ kind: "event", event }) as const), ...along]);
    } catch (error) {
      log.error("events-left-in-outbox", { error, events: full.length, batchesLost: along.length });
    }
  };

  return {
    async send(event) {
      const mine = filling;
      mine.push(event);
      if (mine.length >= flushEvents) return flush(mine);
      // A timer dies with the request that started it, so whether one runs is told by the clock and not by a flag.
      if (clock() < dueAtMs) return;
      dueAtMs = clock() + flushMs;
      await new Promise((resolve) => setTimeout(resolve, flushMs));
      await flush(mine);
    },
  };
}
