import type { Ledger, Log, OpenReservation, UsageQueue } from "../core/ports.ts";
import type { UsageEvent } from "../core/usage.ts";

export type SweepPorts = {
  readonly ledger: Ledger;
  readonly usageQueue: UsageQueue;
  readonly log: Log;
  /** Longer than a dispatch and what the platform grants after a client left can take, milliseconds. */
  readonly abandonedMs: number;
  /** How long an event may take through the queue before it is sent again, milliseconds. */
  readonly unrecordedMs: number;
};

/** What one run takes on; the next run goes on where it ended, since everything is found from state. */
const MOST = 1_000;

/**
 * Brings to the books what died on the way. A reservation that its Worker never settled becomes an event in doubt: the upstream may
 * have counted it. An event that is still in the outbox is sent again. Runs may overlap or be missed: settling is guarded, the books
 * know each id, and nothing is remembered between runs.
 */
export async function sweep({ ledger, usageQueue, log, abandonedMs, unrecordedMs }: SweepPorts): Promise<void> {
  const swept: UsageEvent[] = [];
  for (const reservation of await ledger.abandoned(abandonedMs, MOST)) {
    // Only what this call closed: its Worker may have settled it since, and then the event is that one's.
    if ((await ledger.settle(inDoubt(reservation))) === "settled") swept.push(inDoubt(reservation));
  }
  const unrecorded = await ledger.unrecorded(unrecordedMs, MOST);
  const events = [...swept, ...unrecorded];
  if (events.length === 0) return;
  await usageQueue.send(events.map((event) => ({ kind: "event", event })));
  log.info("events-swept", { inDoubt: swept.length, sentAgain: unrecorded.length });
}

function inDoubt({ credits, ...reservation }: OpenReservation): UsageEvent {
  return { ...reservation, status: 0, outcome: "abandoned", creditsCharged: 0, creditsInDoubt: credits };
}
