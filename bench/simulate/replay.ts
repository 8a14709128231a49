import { answer, type Answer, type AnswerPorts } from "../../src/answer/answer.ts";
import type { Entry } from "../../src/core/entry.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { simulatedTime } from "../../test/support/simulated-time.ts";
import { callReader } from "./calls.ts";
import { countingUpstream } from "./counting-upstream.ts";
import { isolatePorts, PATIENT, PAYER } from "./isolates.ts";
import { judging } from "./judge.ts";
import { upstreamLatency } from "./latency.ts";
import type { Options } from "./options.ts";
import { withPromptDigests } from "./prompt-digest.ts";
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

export type ReplayOptions = Pick<Options, "isolates" | "colos" | "seed" | "derive" | "upstreamMs">;

/** Sends the day through the gateway's own steps, in as many isolates, in simulated time. Equal options, equal results. */
export async function replay(trace: Trace, options: ReplayOptions): Promise<Replayed> {
  return withPromptDigests(() => replayed(trace, options));
}

async function replayed(trace: Trace, { isolates, colos, seed, upstreamMs }: ReplayOptions): Promise<Replayed> {
  const time = simulatedTime(MIDNIGHT_MS);
  const tally = tallying("Tikedge");
  const settled: UsageEvent[] = [];
  const counting = countingUpstream({
    ...time,
    latency: upstreamLatency(upstreamMs, seed),
    onCall: () => tally.called(time.clock() - MIDNIGHT_MS),
  });
  const ports = isolatePorts({
    time,
    random: seededRandom(seed),
    upstream: counting.upstream,
    isolates,
    colos,
    onSettled: (event) => void settled.push(event),
  });
  const judge = judging(counting, time.clock);
  const send = sender(ports);
  const request = async (asked: Asked) => {
    const given = await send(asked);
    const entry = servedBy(given);
    if (entry === null) tally.refused();
    else {
      const ageMs = judge.ageMs(entry, asked);
      tally.served(asked.kind, { atMs: asked.atMs, ageMs, hasWaited: !isAtHand(given) });
    }
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

/** Each request under an id of its own: leases are told apart by it. */
function sender(isolates: readonly AnswerPorts[]): (asked: Asked) => Promise<Answer> {
  const callOf = callReader();
  let requests = 0;
  return ({ kind, profile, isolate }) => {
    const ports = isolates[isolate];
    if (ports === undefined) throw new Error(`There is no isolate ${isolate}.`);
    requests += 1;
    const call = callOf(kind, profile);
    return answer(ports, { call, payer: PAYER, requestId: `request-${requests}`, wait: PATIENT, background: BEHIND });
  };
}

function servedBy(given: Answer): Entry | null {
  if (given.kind === "refused") return null;
  return given.kind === "fetched" ? given.entry : given.stored.entry;
}

/** Whether it was served without waiting for the upstream. */
function isAtHand({ kind }: Answer): boolean {
  return kind === "hit";
}
