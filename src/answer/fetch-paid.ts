import type { Entry } from "../core/entry.ts";
import type { Outcome } from "../core/charge.ts";
import type { Ledger, Log, Reservation, UpstreamKeys, UpstreamReply } from "../core/ports.ts";
import type { Answer, Ask } from "./answer.ts";
import { dispatch, type Dispatched, type DispatchPorts, type Order } from "./dispatch.ts";
import type { Sought } from "./look-up.ts";
import { settle, type SettlePorts } from "./settle.ts";
import { entryOf, store, type StorePorts } from "./store.ts";

export type PaidPorts = DispatchPorts &
  SettlePorts &
  StorePorts & {
    readonly ledger: Ledger;
    readonly upstreamKeys: UpstreamKeys;
    readonly randomBits: () => string;
    readonly log: Log;
  };

/** What a dispatch brought: `entry` when it may be stored, and then it is what is served. */
export type Fetched = {
  readonly reply: UpstreamReply;
  readonly outcome: Outcome;
  readonly entry: Entry | null;
  readonly creditsCharged: number;
  readonly tookMs: number;
};

/**
 * Reserves, dispatches, and answers; settling and storing follow behind the response. Their promise is handed to the platform before
 * the reply is awaited, so that a client who leaves takes nothing with it: the credit is spent either way.
 */
export async function fetchPaid(ports: PaidPorts, { key, ask }: Sought): Promise<Answer> {
  const upstreamKey = await ports.upstreamKeys.open(ask.payer.upstreamKey);
  if (upstreamKey.kind === "unavailable") return { kind: "refused", because: "upstream-key-unavailable" };
  const { call, payer, requestId } = ask;
  const order = {
    tenantId: payer.tenantId,
    upstreamKeyId: upstreamKey.id,
    endpoint: call.endpoint.path,
    credits: call.endpoint.credits,
    requestId,
  };
  const reservation = await reserve(ports, order, ask);
  if (reservation.kind === "unavailable") return { kind: "refused", because: "ledger-unavailable" };

  const dispatched = dispatch(ports, { call, secret: upstreamKey.secret, order, reservation });
  const fetched = dispatched.then((paid) => fetchedOf(ports, { key, ask }, paid));
  // Each by itself: whatever breaks while storing must not cut the settling short.
  ask.background(dispatched.then(({ event }) => settle(ports, event)));
  ask.background(fetched.then(({ entry }) => store(ports, key, entry)));
  return { kind: "fetched", ...(await fetched) };
}

/** A reservation that came too late, or whose reply was lost, is taken back: nothing will be dispatched for it. */
async function reserve(
  { ledger, randomBits, log }: PaidPorts,
  order: Order,
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
