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

/**
 * What one run takes on of each kind: every settling is a request of its own, and an invocation has 1,000. The next run goes on where
 * it ended, since everything is found from state.
 */
const MOST = 200;

/**
 * Brings to the books what died on the way, in two halves that fail each by itself. Runs may overlap or be missed: settling is guarded,
 * the books know each id, and nothing is remembered between runs.
 */
export async function sweep(ports: SweepPorts): Promise<void> {
  await half(ports.log, "abandoned-not-swept", () => sweepAbandoned(ports));
  await half(ports.log, "unrecorded-not-sent", () => sendUnrecorded(ports));
}

async function half(log: Log, failure: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.error(failure, { error });
  }
}

/** A reservation that its Worker never settled becomes an event in doubt: the upstream may have counted it. */
async function sweepAbandoned({ ledger, usageQueue, log, abandonedMs }: SweepPorts): Promise<void> {
  const swept: UsageEvent[] = [];
  for (const reservation of await ledger.abandoned(abandonedMs, MOST)) {
    const event = inDoubt(reservation);
    const settling = await ledger.settle(event);
    // The rest would wait in vain, each for its own timeout; the next run finds it again.
    if (settling === "unavailable") break;
    // Only what this call closed: its Worker may have settled it since, and then the event is that one's.
    if (settling === "settled") swept.push(event);
  }
  if (swept.length === 0) return;
  log.info("reservations-abandoned", { events: swept.length });
  await send(usageQueue, swept);
}

/** An event that is still in the outbox is sent again: the queue may have refused or lost it. */
async function sendUnrecorded({ ledger, usageQueue, log, unrecordedMs }: SweepPorts): Promise<void> {
  const unrecorded = await ledger.unrecorded(unrecordedMs, MOST);
  if (unrecorded.length === 0) return;
  await send(usageQueue, unrecorded);
  log.info("events-sent-again", { events: unrecorded.length });
}

function send(usageQueue: UsageQueue, events: readonly UsageEvent[]): Promise<void> {
  return usageQueue.send(events.map((event) => ({ kind: "event", event })));
}

function inDoubt({ credits, ...reservation }: OpenReservation): UsageEvent {
  return { ...reservation, status: 0, outcome: "abandoned", creditsCharged: 0, creditsInDoubt: credits };
}
