import type { Ledger } from "../core/ledger.ts";
import type { EventSender, Log } from "../core/ports.ts";
import type { UsageEvent } from "../core/usage.ts";

export type SettlePorts = {
  readonly ledger: Ledger;
  readonly eventSender: EventSender;
  /** When a settling that got no answer is tried again, milliseconds after each try: within the 30 s that the platform grants. */
  readonly settleAgainMs: readonly number[];
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Log;
};

/**
 * Closes the reservation and sends the event to the books. What it cost is known here and nowhere else, so a ledger that does not answer is
 * asked again: what stays open is swept, and then the credit is in doubt for ever. The ledger's outbox is the second copy of what the queue
 * carries, so an event that is settled is never lost. One that somebody else closed is not sent: either an earlier try of this did, and the
 * sweep sends it from the outbox, or the sweep did, and its word is final.
 */
export async function settle(ports: SettlePorts, event: UsageEvent, reservedCredits: number): Promise<void> {
  const { eventSender, log } = ports;
  const settled = await settleUntilAnswered(ports, () => ports.ledger.settle(event, reservedCredits));
  if (settled !== "settled") return log.error("event-left-to-the-sweep", { eventId: event.eventId, because: settled });
  await eventSender.send(event);
}

async function settleUntilAnswered({ settleAgainMs, pause }: SettlePorts, once: () => ReturnType<Ledger["settle"]>) {
  let settled = await once();
  for (const ms of settleAgainMs) {
    if (settled !== "unavailable") return settled;
    await pause(ms);
    settled = await once();
  }
  return settled;
}
