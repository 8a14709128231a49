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
  for (let round = 0; round < SETTLING_ROUNDS; round += 1) {
    const abandoned = await ledger.abandoned(abandonedMs, AT_ONCE);
    const { swept, isAnswered } = await closeAll(ledger, abandoned);
    if (swept.length > 0) {
      log.info("reservations-abandoned", { events: swept.length });
      await send(usageQueue, swept);
    }
    if (!isAnswered || abandoned.length < AT_ONCE) return;
  }
}

type Swept = { readonly swept: readonly UsageEvent[]; readonly isAnswered: boolean };

/** Only what this call closed: its Worker may have settled one since, and then the event is that one's. */
async function closeAll(ledger: Ledger, abandoned: readonly OpenReservation[]): Promise<Swept> {
  const swept: UsageEvent[] = [];
  for (let at = 0; at < abandoned.length; at += SETTLED_TOGETHER) {
    const together = abandoned.slice(at, at + SETTLED_TOGETHER).map(inDoubt);
    const settlings = await Promise.all(together.map((event) => ledger.settle(event)));
    swept.push(...together.filter((_, which) => settlings[which] === "settled"));
    // The rest would wait in vain, each for its own timeout; the next run finds it again.
    if (settlings.includes("unavailable")) return { swept, isAnswered: false };
  }
  return { swept, isAnswered: true };
}

/** An event that is still in the outbox is sent again: the queue may have refused or lost it. */
async function sendUnrecorded({ ledger, usageQueue, log, unrecordedMs }: SweepPorts): Promise<void> {
  for (let round = 0; round < SENDING_ROUNDS; round += 1) {
    const unrecorded = await ledger.unrecorded(unrecordedMs, AT_ONCE);
    if (unrecorded.length > 0) {
      await send(usageQueue, unrecorded);
      log.info("events-sent-again", { events: unrecorded.length });
    }
    if (unrecorded.length < AT_ONCE) return;
  }
}

function send(usageQueue: UsageQueue, events: readonly UsageEvent[]): Promise<void> {
  return usageQueue.send(events.map((event) => ({ kind: "event", event })));
}

function inDoubt({ credits, ...reservation }: OpenReservation): UsageEvent {
  return { ...reservation, status: 0, outcome: "abandoned", creditsCharged: 0, creditsInDoubt: credits };
}
