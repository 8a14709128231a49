import { isOfAccount } from "../core/charge.ts";
import type { WaitBudget, Waits } from "../core/ports.ts";
import type { Answer } from "./answer.ts";
import { fetchPaid, type PaidPorts } from "./fetch-paid.ts";
import { lookUp, recall, type Sought } from "./look-up.ts";

export type JoinPorts = PaidPorts & {
  readonly waits: Waits;
  /** How soon who waits for another's fetch looks for the answer, milliseconds. */
  readonly joinMs: number;
  /** How seldom Redis is asked for it at the most. */
  readonly joinMostMs: number;
  readonly newWaitBudget: () => WaitBudget;
};

/** Of the upstream's deadline; three seconds of ten, in which ninety-nine of a hundred calls are answered. */
const LEAST_LEFT = 0.3;

/**
 * Fetches, or waits for the answer of whoever is fetching the same, in this isolate or another, which costs nothing. Of those who wait in an
 * isolate one at a time asks Redis, and takes over when the lease has ended without an answer; the others look at what it brought. All of it
 * together takes no longer than the upstream's deadline.
 */
export async function fetchOrJoin(ports: JoinPorts, sought: Sought): Promise<Answer> {
  const { clock, pause, waits, upstreamDeadlineMs, joinMs, joinMostMs } = ports;
  const { identity } = sought.key;
  const isShared = sought.ask.call.endpoint.windows !== "download";
  const beganMs = clock();
  for (let hasJustLooked = true; ; hasJustLooked = false) {
    const everyMs = Math.min(joinMostMs, Math.max(joinMs, (clock() - beganMs) / 2));
    if (!isShared || waits.mayAsk(identity, everyMs)) {
      const leftMs = beganMs + upstreamDeadlineMs - clock();
      // Who takes over late has too little time left for the upstream, and would pay for nothing.
      const mayFetch = hasJustLooked || leftMs >= upstreamDeadlineMs * LEAST_LEFT;
      const inTime = { ...ports, upstreamDeadlineMs: leftMs };
      const asked = await takeTurn(inTime, sought, { hasJustLooked, mayFetch, beganMs });
      if (asked !== undefined) {
        waits.endTurn(identity);
        return asked;
      }
    }
    if (clock() + joinMs >= beganMs + upstreamDeadlineMs) return { kind: "refused", because: "joined-in-vain" };
    await pause(joinMs);
    const stored = recall(ports, sought) ?? recall(ports, newSince(sought, beganMs));
    if (stored !== undefined) return { kind: "joined", stored, outage: false };
    const failure = waits.failure(identity);
    if (failure !== undefined) return { kind: "refused", because: "failed", failure };
  }
}

type Turn = { readonly hasJustLooked: boolean; readonly mayFetch: boolean; readonly beganMs: number };

/** Looks at what Redis has by now, and then tries to be the one who fetches. Nothing when somebody else still is. */
async function takeTurn(
  ports: JoinPorts,
  sought: Sought,
  { hasJustLooked, mayFetch, beganMs }: Turn,
): Promise<Answer | undefined> {
  let looking = hasJustLooked ? sought : patient(ports, sought);
  let answered = hasJustLooked ? undefined : await joined(ports, looking, beganMs);
  if (!mayFetch) return answered;
  answered ??= await sought.ask.beforeFetch?.();
  for (let lookedAfter: string | null = null; answered === undefined;) {
    const paid = await fetchPaid(ports, looking, lookedAfter);
    if (paid.kind === "leased") return undefined;
    if (paid.kind !== "stored") return told(ports, sought, paid);
    lookedAfter = paid.note;
    looking = patient(ports, sought);
    answered = await joined(ports, looking, beganMs);
  }
  return answered;
}

/** Who waits for the upstream loses nothing by asking Redis meanwhile: each look has a budget of its own. */
function patient({ newWaitBudget }: JoinPorts, sought: Sought): Sought {
  return { ...sought, ask: { ...sought.ask, wait: newWaitBudget() } };
}

/** What answers a request that began at `beganMs`, by now. */
async function joined(ports: JoinPorts, sought: Sought, beganMs: number): Promise<Answer | undefined> {
  const looked = await lookUp(ports, sought);
  const isTightened = Object.keys(sought.ask.payer.windows).length > 0;
  const found = looked.kind === "miss" && isTightened ? await lookUp(ports, newSince(sought, beganMs)) : looked;
  if (found.kind === "hit") return { kind: "joined", stored: found.stored, outage: found.outage };
  // However short it is fresh: what another has just paid for is not paid for again.
  if (found.kind === "stale") return { kind: "joined", stored: found.stored, outage: false };
  return found.kind === "unavailable" ? { kind: "refused", because: "answers-unavailable" } : undefined;
}

/**
 * The same for what the upstream has answered since, whatever windows its tenant has: no answer that this request would pay for is newer. Else
 * requests that come at once for a tenant that wants nothing kept would pay one after another, and the last of them wait in vain.
 */
function newSince({ key, ask }: Sought, beganMs: number): Sought {
  const demand = { ...ask.demand, fetchedFromMs: Math.max(ask.demand.fetchedFromMs, beganMs) };
  return { key, ask: { ...ask, demand, payer: { ...ask.payer, windows: {} } } };
}

/** What is, or may be, wrong with an account is no news to who has another. */
function told({ waits }: JoinPorts, { key }: Sought, paid: Answer): Answer {
  if (paid.kind === "refused" && paid.because === "failed" && !isOfAccount(paid.failure.outcome))
    waits.noteFailure(key.identity, paid.failure);
  return paid;
}
