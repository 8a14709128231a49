import { answer, type Answer } from "../../src/answer/answer.ts";
import { NO_DEMAND } from "../../src/core/directives.ts";
import type { Entry } from "../../src/core/entry.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { consumeRefresh } from "../../src/queue/refresh.ts";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { simulatedTime } from "../../test/support/simulated-time.ts";
import { callReader } from "./calls.ts";
import { countingUpstream } from "./counting-upstream.ts";
import { isolateMaker, PATIENT, PAYER, type IsolatePorts } from "./isolates.ts";
import { judging } from "./judge.ts";
import { upstreamLatency } from "./latency.ts";
import type { Options } from "./options.ts";
import { withPromptDigests } from "./prompt-digest.ts";
import { simulatedRefreshQueue } from "./refresh-queue.ts";
import { tallying, type Tally } from "./tally.ts";
import { DAY_MS, type Asked, type Trace } from "./trace.ts";

/** The day begins at midnight, as the ledger's windows do. */
const MIDNIGHT_MS = Date.UTC(2026, 5, 15);

/** Longer than anything goes on after the last request, milliseconds. */
const AFTERWARDS_MS = 60_000;

/** Nothing ends an isolate here, so what goes on behind a response needs nobody who waits for it. */
const BEHIND = () => undefined;

export type Replayed = {
  readonly tally: Tally;
  readonly settled: readonly UsageEvent[];
  /** Answers that the upstream never sent for what was asked. */
  readonly wrong: number;
  /** Answers that were older than the bound that they state. */
  readonly tooOld: number;
};

export type ReplayOptions = Pick<Options, "isolates" | "colos" | "seed" | "derive" | "upstreamMs"> & {
  /** Hears what each request was answered with. */
  readonly onAnswer?: (asked: Asked, given: Answer) => void;
};

/** Sends the day through the gateway's own steps, in as many isolates, in simulated time. Equal options, equal results. */
export async function replay(trace: Trace, options: ReplayOptions): Promise<Replayed> {
  return withPromptDigests(() => replayed(trace, options));
}

async function replayed(trace: Trace, options: ReplayOptions): Promise<Replayed> {
  const time = simulatedTime(MIDNIGHT_MS);
  const tally = tallying("Tikedge");
  const settled: UsageEvent[] = [];
  const counting = countingUpstream({
    ...time,
    latency: upstreamLatency(options.upstreamMs, options.seed),
    onCall: () => tally.called(time.clock() - MIDNIGHT_MS),
  });
  const random = seededRandom(options.seed);
  const refreshes = simulatedRefreshQueue({ time, random, onMessage: tally.messaged });
  const newIsolate = isolateMaker({
    time,
    random,
    upstream: counting.upstream,
    refreshQueue: refreshes.queue,
    derives: options.derive,
    onSettled: (event) => void settled.push(event),
  });
  // Whoever consumes a queue is an isolate by itself, in no colo that users are near to.
  const consumer = newIsolate(options.colos);
  refreshes.consumeBy((message, attempts) => consumeRefresh(consumer, message, attempts));
  const judge = judging(counting, time.clock);
  const send = sender(Array.from({ length: options.isolates }, (_, number) => newIsolate(number % options.colos)));
  const request = async (asked: Asked) => {
    const given = await send(asked);
    options.onAnswer?.(asked, given);
    const entry = servedBy(given);
    if (entry === null) return tally.refused(reasonOf(given));
    const ageMs = judge.ageMs(entry, asked);
    return tally.served(asked.kind, { atMs: asked.atMs, ageMs, hasWaited: !isAtHand(given) });
  };
  for (const asked of trace) {
    await time.until(MIDNIGHT_MS + asked.atMs);
    void request(asked);
    // All that is only waiting for promises has its turn before time goes on.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await time.until(MIDNIGHT_MS + DAY_MS + AFTERWARDS_MS);
  return { tally: tally.read(), settled, ...judge.read() };
}

function sender(isolates: readonly IsolatePorts[]): (asked: Asked) => Promise<Answer> {
  const callOf = callReader();
  return ({ kind, profile, isolate }) => {
    const ports = isolates[isolate];
    if (ports === undefined) throw new Error(`There is no isolate ${isolate}.`);
    return answer(ports, {
      call: callOf(kind, profile),
      payer: PAYER,
      demand: NO_DEMAND,
      priority: "interactive",
      requestId: ports.newRequestId(),
      wait: PATIENT,
      background: BEHIND,
    });
  };
}

function servedBy(given: Answer): Entry | null {
  if (given.kind === "refused") return null;
  return given.kind === "fetched" ? given.entry : given.stored.entry;
}

function reasonOf(given: Answer): string {
  if (given.kind === "fetched") return given.outcome;
  if (given.kind !== "refused") return given.kind;
  return given.because === "reservation" ? given.reservation.kind : given.because;
}

/** Whether it was served without waiting for the upstream. */
function isAtHand({ kind }: Answer): boolean {
  return kind === "hit" || kind === "refreshing";
}
