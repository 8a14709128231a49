import type { Call } from "../core/catalogue.ts";
import type { Outcome } from "../core/charge.ts";
import type { Background, Ledger, Log, UpstreamKeys } from "../core/ports.ts";
import type { SealedUpstreamKey } from "../core/tenant.ts";
import { dispatch, type DispatchPorts } from "./dispatch.ts";
import { settle, type SettlePorts } from "./settle.ts";

export type ProbePorts = DispatchPorts &
  SettlePorts & {
    readonly ledger: Ledger;
    readonly upstreamKeys: UpstreamKeys;
    readonly randomBits: () => string;
    readonly log: Log;
  };

export type Probing = {
  /** The key on trial. Its tenant pays, under this key's id. */
  readonly sealed: SealedUpstreamKey;
  readonly call: Call;
  readonly requestId: string;
  readonly background: Background;
};

export type Probed =
  | {
      readonly kind: "probed";
      readonly outcome: Outcome;
      readonly json: unknown;
      readonly creditsCharged: number;
      readonly creditsInDoubt: number;
    }
  /** Nothing was dispatched and nothing charged. */
  | { readonly kind: "unavailable" };

/**
 * Asks the upstream one call with one key to learn of the key: reserved, dispatched and settled like everything that spends, but never
 * looked up, since an answer that was paid with another key says nothing of this one, and never stored. Fails closed: without the ledger
 * nothing is dispatched.
 */
export async function probe(ports: ProbePorts, { sealed, call, requestId, background }: Probing): Promise<Probed> {
  const opened = await ports.upstreamKeys.open({ kind: "byo", sealed });
  if (opened.kind === "unavailable") return opened;
  const [key] = opened.keys;
  if (key === undefined) return { kind: "unavailable" };
  const order = {
    tenantId: sealed.tenantId,
    endpoint: call.endpoint.path,
    credits: call.endpoint.credits,
    requestId,
  };
  const randomBits = ports.randomBits();
  const reservation = await ports.ledger.reserve({ ...order, candidates: [{ id: key.id, cap: key.cap }], randomBits });
  if (reservation.kind === "unavailable") {
    background(takeBack(ports, randomBits));
    return reservation;
  }
  const dispatched = dispatch(ports, { call, secret: key.secret, order, reservation });
  // Before the reply is awaited, so that a client who leaves takes nothing with it.
  background(dispatched.then(({ event }) => settle(ports, event)));
  const { classified, event } = await dispatched;
  const { outcome, creditsCharged, creditsInDoubt } = event;
  return { kind: "probed", outcome, json: classified.json, creditsCharged, creditsInDoubt };
}

/** The reply may have been lost after the reservation was made: nothing will be dispatched for it. */
async function takeBack({ ledger, log }: ProbePorts, randomBits: string): Promise<void> {
  try {
    await ledger.release(randomBits);
  } catch (error) {
    log.error("reservation-left-to-the-sweep", { error });
  }
}
