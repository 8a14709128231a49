import type { Outcome } from "../core/charge.ts";
import type { Entry } from "../core/entry.ts";
import type { Candidate, Reservation, Spent } from "../core/ledger.ts";
import type { OpenedKey, RetryBudget, UpstreamReply } from "../core/ports.ts";
import type { Ask } from "./answer.ts";
import { dispatch, type Dispatched, type DispatchPorts, type Order } from "./dispatch.ts";
import type { Sought } from "./look-up.ts";
import { reportKey, type ReportPorts } from "./report-key.ts";
import { reserve, type ReservePorts } from "./reserve.ts";
import { settle, type SettlePorts } from "./settle.ts";
import { entryOf, store, type StorePorts } from "./store.ts";

export type FetchPorts = DispatchPorts &
  SettlePorts &
  ReportPorts &
  ReservePorts &
  StorePorts & {
    readonly retryBudget: RetryBudget;
    /** What a retry waits before it asks again, milliseconds. */
    readonly retryPauseMs: number;
    /** For how long after its first dispatch a request makes another: the last one must end and settle before the platform ends it. */
    readonly failoverMs: number;
    /** For all dispatches of a request together, milliseconds. */
    readonly upstreamDeadlineMs: number;
  };

type Reserved = Extract<Reservation, { kind: "reserved" }>;

/** What the dispatches of a request brought: `entry` when the last one's may be stored, and then it is what is served. */
export type Fetched = {
  readonly reply: UpstreamReply;
  readonly outcome: Outcome;
  readonly entry: Entry | null;
  readonly dispatches: number;
  /** Of all of them. */
  readonly creditsCharged: number;
  /** Of all of them. */
  readonly creditsInDoubt: number;
  readonly tookMs: number;
  /** The key that the last of them went out on. */
  readonly upstreamKeyId: string;
  /** What the tenant has spent with the last of them settled, and when that was by the ledger's clock. */
  readonly spending: { readonly spent: Spent; readonly nowMs: number };
};

type Fetching = Sought & { readonly stores: Promise<void>[] };
type Begun = { readonly keys: readonly OpenedKey[]; readonly reservation: Reserved };

/**
 * When the account of a platform key is refused, or over its limit, the next key is tried, each once: what is wrong with the platform's keys
 * is not the tenant's to see. What the upstream itself says that it failed at is tried again. Each dispatch has a reservation of its own.
 */
export async function fetchUntilAnswered(ports: FetchPorts, fetching: Fetching, begun: Begun): Promise<Fetched> {
  const { ask } = fetching;
  const { credits } = ask.call.endpoint;
  const begunAtMs = ports.clock();
  const lastMs = Math.min(ports.failoverMs, ports.upstreamDeadlineMs);
  const leftOf = (ms: number) => Math.max(0, ms - (ports.clock() - begunAtMs));
  ports.retryBudget.earn(credits);
  let { keys, reservation } = begun;
  const sum = { dispatches: 0, creditsCharged: 0, creditsInDoubt: 0 };
  for (;;) {
    const { upstreamKeyId } = reservation;
    const key = keys.find(({ id }) => id === upstreamKeyId);
    if (key === undefined) throw new Error("The ledger picked a key that was not offered.");
    const deadlineMs = leftOf(ports.upstreamDeadlineMs);
    const fetched = await fetchWith(ports, fetching, { key, reservation, deadlineMs });
    sum.dispatches += 1;
    sum.creditsCharged += fetched.creditsCharged;
    sum.creditsInDoubt += fetched.creditsInDoubt;
    const answered = { ...fetched, ...sum };
    keys = await keysToTry(ports, {
      fetched,
      credits,
      keys,
      key,
      isLate: () => leftOf(lastMs) === 0,
    });
    if (keys.length === 0) return answered;
    const patient = { ...ports, capacityWaitMs: Math.min(ports.capacityWaitMs, leftOf(lastMs)) };
    const next = await reserve(
      patient,
      { ...orderOf(ask), lease: null, lookedAfter: null, candidates: keys.map(candidateOf) },
      ask,
    );
    if (next.kind !== "reserved") return answered;
    reservation = next;
  }
}

type Tried = {
  readonly fetched: Fetched;
  readonly credits: number;
  readonly keys: readonly OpenedKey[];
  readonly key: OpenedKey;
  readonly isLate: () => boolean;
};

/** The upstream, or what stands before it, says of these that it may be over soon (RFC 9110, section 15.6). */
const PASSING: ReadonlySet<number> = new Set([502, 503, 504]);

/** None when the answer stands. A retry is bounded twice: by the time, and by a budget of credits for all requests of the isolate. */
async function keysToTry(
  ports: FetchPorts,
  { fetched, credits, keys, key, isLate }: Tried,
): Promise<readonly OpenedKey[]> {
  const { outcome, reply } = fetched;
  if (isLate()) return [];
  if (outcome === "account_error" || outcome === "rate_limited") return keys.filter((each) => each !== key);
  if (outcome !== "server_error" || !PASSING.has(reply.status)) return [];
  if (!ports.retryBudget.take(credits)) return [];
  await ports.pause(ports.retryPauseMs);
  return isLate() ? [] : keys;
}

type Paying = { readonly key: OpenedKey; readonly reservation: Reserved; readonly deadlineMs: number };

async function fetchWith(
  ports: FetchPorts,
  fetching: Fetching,
  { key, reservation, deadlineMs }: Paying,
): Promise<Fetched> {
  const { ask, stores } = fetching;
  const { background, call, requestId } = ask;
  const order = orderOf(ask);
  const dispatched = dispatch(ports, { call, secret: key.secret, order, reservation, deadlineMs });
  const fetched = dispatched.then((paid) => fetchedOf(ports, fetching, { paid, reservation }));
  // Each by itself: whatever breaks while storing must not cut the settling short.
  background(dispatched.then(({ event }) => settle(ports, event, order.credits)));
  const reported = dispatched.then((paid) =>
    reportKey(ports, { key, isMarked: reservation.isMarked, requestId, paid }),
  );
  background(reported);
  const stored = Promise.all([dispatched, fetched]).then(([{ classified }, { entry }]) =>
    store(ports, fetching, { classified, entry }),
  );
  background(stored);
  stores.push(stored);
  const { outcome } = await fetched;
  // Whoever reserves after this response must find the key cooling down.
  if (outcome === "rate_limited") await reported;
  return fetched;
}

/** What a request orders, whichever key pays. */
export function orderOf({
  call,
  payer,
  requestId,
  priority,
}: Ask): Order & Pick<Payer, "quotas"> & Pick<Ask, "priority"> {
  const { path: endpoint, credits } = call.endpoint;
  const { tenantId, quotas } = payer;
  return { tenantId, endpoint, credits, requestId, quotas, priority };
}

type Payer = Ask["payer"];

/** The ledger gets no secrets. */
export function candidateOf({ id, cap }: OpenedKey): Candidate {
  return { id, cap };
}

type Settled = { readonly paid: Dispatched; readonly reservation: Reserved };

async function fetchedOf(ports: StorePorts, { key, ask }: Sought, { paid, reservation }: Settled): Promise<Fetched> {
  const { reply, classified, event, tookMs } = paid;
  const expectsLinks = ask.payer.tier === "download";
  const { spent, occurredAtMs, upstreamKeyId } = reservation;
  const arrived = { key, call: ask.call, reply, classified, expectsLinks, reservedAtMs: occurredAtMs };
  const entry = await entryOf(ports, arrived);
  const { creditsCharged, creditsInDoubt } = event;
  const back = ask.call.endpoint.credits - creditsCharged - creditsInDoubt;
  const spending = { spent: { daily: spent.daily - back, monthly: spent.monthly - back }, nowMs: occurredAtMs };
  const { outcome } = classified;
  return { reply, outcome, entry, dispatches: 1, creditsCharged, creditsInDoubt, tookMs, upstreamKeyId, spending };
}
