import type { Ledger, Log, UsageQueue } from "../core/ports.ts";
import type { UsageEvent } from "../core/usage.ts";

export type SettlePorts = { readonly ledger: Ledger; readonly usageQueue: UsageQueue; readonly log: Log };

/**
 * Closes the reservation and sends the event to the books. The ledger's outbox is the second copy of what the queue carries, so an
 * event that is settled is never lost. One that was not settled here is not sent: either the sweep has closed the reservation and that
 * is final, or it is still open and the sweep will find it.
 */
export async function settle({ ledger, usageQueue, log }: SettlePorts, event: UsageEvent): Promise<void> {
  const settled = await ledger.settle(event);
  if (settled !== "settled") return log.error("event-not-settled", { eventId: event.eventId, because: settled });
  try {
    await usageQueue.send([{ kind: "event", event }]);
  } catch (error) {
    log.error("event-left-in-outbox", { error, eventId: event.eventId });
  }
}
