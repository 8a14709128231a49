import type { Ledger, OpenReservation } from "../core/ledger.ts";
import type { Log, UsageQueue } from "../core/ports.ts";
import type { UsageEvent } from "../core/usage.ts";

export type SweepPorts = {
  readonly ledger: Ledger;
  readonly usageQueue: UsageQueue;
  readonly log: Log;
  /** Longer than a dispatch and what the platform grants after a client left can take, milliseconds. */
  readonly abandonedMs: number;
  /** How long after its reservation an event is sent again that is not recorded, milliseconds. */
  readonly unrecordedMs: number;
};

/** What is asked for at once of each kind. */
const AT_ONCE = 200;

/**
 * How often one run asks for more. The next goes on where it ended, since everything is found from state, but what a long outage left
 * behind is to be booked soon. Every settling is a request of its own, and an invocation has 1,000 for all jobs; a hundred events are sent
 * in one.
 */
const SETTLING_ROUNDS = 2;
const SENDING_ROUNDS = 15;

/** A Worker has six connections. */
const SETTLED_TOGETHER = 5;

/**
 * Brings to the books what died on the way, in two halves that fail each by itself. Runs may overlap or be missed: settling is guarded,
 * the books know each id, and nothing is remembered between runs.
 */
export async function sweep(ports: SweepPorts): Promise<void> {
  await half(ports.log, "abandoned-not-closed", () => closeAbandoned(ports));
  await half(ports.log, "unrecorded-not-sent", () => sendUnrecorded(ports));
}

async function half(log: Log, failure: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.error(failure, { error });
  }
}

/**
 * A reservation that its Worker never settled becomes an event in doubt: the upstream may have counted it. It is as old as its reservation, so
 * the other half finds it in the outbox and sends it.
 */
async function closeAbandoned({ ledger, log, abandonedMs }: SweepPorts): Promise<void> {
  for (let round = 0; round < SETTLING_ROUNDS; round += 1) {
    const abandoned = await ledger.abandoned(abandonedMs, AT_ONCE);
    const { closed, isAnswered } = await closeAll(ledger, abandoned);
    if (closed > 0) log.info("reservations-abandoned", { events: closed });
    if (!isAnswered || abandoned.length < AT_ONCE) return;
  }
}

type Closed = { readonly closed: number; readonly isAnswered: boolean };

/** Its Worker may have settled one since, and then the event is that one's. */
async function closeAll(ledger: Ledger, abandoned: readonly OpenReservation[]): Promise<Closed> {
  let closed = 0;
  for (let at = 0; at < abandoned.length; at += SETTLED_TOGETHER) {
    const together = abandoned.slice(at, at + SETTLED_TOGETHER);
    const settlings = await Promise.all(together.map((each) => ledger.settle(inDoubt(each), each.credits)));
    closed += settlings.filter((settling) => settling === "settled").length;
    // The rest would wait in vain, each for its own timeout; the next run finds it again.
    if (settlings.includes("unavailable")) return { closed, isAnswered: false };
  }
  return { closed, isAnswered: true };
}

/** An event that is still in the outbox is sent again: the queue may have refused or lost it. */
async function sendUnrecorded({ ledger, usageQueue, log, unrecordedMs }: SweepPorts): Promise<void> {
  for (let round = 0; round < SENDING_ROUNDS; round += 1) {
    const unrecorded = await ledger.unrecorded(unrecordedMs, AT_ONCE);
    if (unrecorded.length > 0) {
      await usageQueue.send(unrecorded.map((event) => ({ kind: "event", event })));
      log.info("events-sent-again", { events: unrecorded.length });
    }
    if (unrecorded.length < AT_ONCE) return;
  }
}

function inDoubt({ credits, ...reservation }: OpenReservation): UsageEvent {
  return { ...reservation, status: 0, outcome: "abandoned", creditsCharged: 0, creditsInDoubt: credits };
}
