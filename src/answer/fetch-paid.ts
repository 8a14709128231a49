import type { Entry } from "../core/entry.ts";
import type { Outcome } from "../core/charge.ts";
import type {
  Candidate,
  Ledger,
  Log,
  OpenedKey,
  Reservation,
  Reserve,
  UpstreamKeys,
  UpstreamReply,
} from "../core/ports.ts";
import type { Answer, Ask } from "./answer.ts";
import { dispatch, type Dispatched, type DispatchPorts, type Order } from "./dispatch.ts";
import type { Sought } from "./look-up.ts";
import { reportKey, type ReportPorts } from "./report-key.ts";
import { settle, type SettlePorts } from "./settle.ts";
import { entryOf, store, type StorePorts } from "./store.ts";

export type PaidPorts = DispatchPorts &
  SettlePorts &
  ReportPorts &
  StorePorts & {
    readonly ledger: Ledger;
    readonly upstreamKeys: UpstreamKeys;
    readonly randomBits: () => string;
    /** For how long after it began a request goes on to the next platform key: its last dispatch must end and settle before the platform ends it. */
    readonly failoverMs: number;
    readonly log: Log;
  };

type Reserved = Extract<Reservation, { kind: "reserved" }>;

/** What a dispatch brought: `entry` when it may be stored, and then it is what is served. */
export type Fetched = {
  readonly reply: UpstreamReply;
  readonly outcome: Outcome;
  readonly entry: Entry | null;
  readonly creditsCharged: number;
  readonly tookMs: number;
};

/**
 * Reserves, dispatches, and answers; what a dispatch leaves to do follows behind the response. When the account of a platform key is
 * refused, which costs nothing, the next one is tried, each once: what is wrong with the platform's account is not the tenant's to see.
 */
export async function fetchPaid(ports: PaidPorts, sought: Sought): Promise<Answer> {
  const opened = await ports.upstreamKeys.open(sought.ask.payer.upstreamKey);
  if (opened.kind === "unavailable") return { kind: "refused", because: "upstream-key-unavailable" };
  const begunAtMs = ports.clock();
  let untried = opened.keys;
  for (;;) {
    const order = orderOf(sought.ask);
    const reservation = await reserve(ports, { ...order, candidates: untried.map(candidateOf) }, sought.ask);
    if (reservation.kind === "unavailable") return { kind: "refused", because: "ledger-unavailable" };
    const key = untried.find(({ id }) => id === reservation.upstreamKeyId);
    if (key === undefined) throw new Error("The ledger picked a key that was not offered.");
    const fetched = await fetchWith(ports, sought, { key, order, reservation });
    untried = untried.filter((each) => each !== key);
    const goesOn = fetched.outcome === "account_error" && ports.clock() - begunAtMs < ports.failoverMs;
    if (!goesOn || untried.length === 0) return { kind: "fetched", ...fetched };
  }
}

type Paying = { readonly key: OpenedKey; readonly order: Order; readonly reservation: Reserved };

/**
 * What follows behind the response is handed to the platform before the reply is awaited, so that a client who leaves takes nothing with
 * it: the credit is spent either way.
 */
async function fetchWith(ports: PaidPorts, sought: Sought, { key, order, reservation }: Paying): Promise<Fetched> {
  const { background, call, requestId } = sought.ask;
  const dispatched = dispatch(ports, { call, secret: key.secret, order, reservation });
  const fetched = dispatched.then((paid) => fetchedOf(ports, sought, paid));
  // Each by itself: whatever breaks while storing must not cut the settling short.
  background(dispatched.then(({ event }) => settle(ports, event)));
  background(dispatched.then((paid) => reportKey(ports, { key, wasOut: reservation.wasOut, requestId, paid })));
  background(fetched.then(({ entry }) => store(ports, sought.key, entry)));
  return fetched;
}

function orderOf({ call, payer, requestId }: Ask): Order {
  const { path: endpoint, credits } = call.endpoint;
  return { tenantId: payer.tenantId, endpoint, credits, requestId };
}

/** The ledger gets no secrets. */
function candidateOf({ id, cap }: OpenedKey): Candidate {
  return { id, cap };
}

/** A reservation that came too late, or whose reply was lost, is taken back: nothing will be dispatched for it. */
async function reserve(
  { ledger, randomBits, log }: PaidPorts,
  order: Omit<Reserve, "randomBits">,
  { wait, background }: Ask,
): Promise<Reservation> {
  const bits = randomBits();
  let reserving: Promise<Reservation> | undefined;
  const start = () => (reserving = ledger.reserve({ ...order, randomBits: bits }));
  const reservation = await wait.within(start, { kind: "unavailable" });
  if (reservation.kind === "unavailable" && reserving !== undefined) {
    const release = reserving.then(() => ledger.release(bits));
    background(release.catch((error: unknown) => log.error("reservation-left-to-the-sweep", { error })));
  }
  return reservation;
}

async function fetchedOf(ports: StorePorts, { key, ask }: Sought, paid: Dispatched): Promise<Fetched> {
  const { reply, classified, event, tookMs } = paid;
  const expectsLinks = ask.payer.tier === "download";
  const entry = await entryOf(ports, { key, call: ask.call, reply, classified, expectsLinks });
  return { reply, outcome: classified.outcome, entry, creditsCharged: event.creditsCharged, tookMs };
}
