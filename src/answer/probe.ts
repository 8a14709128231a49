import type { Call } from "../core/catalogue.ts";
import type { Outcome } from "../core/charge.ts";
import type { Quotas } from "../core/ledger.ts";
import type { Background, UpstreamKeys, WaitBudget } from "../core/ports.ts";
import type { SealedUpstreamKey } from "../core/tenant.ts";
import { dispatch, type DispatchPorts } from "./dispatch.ts";
import { reserve, type ReservePorts } from "./reserve.ts";
import { settle, type SettlePorts } from "./settle.ts";

export type ProbePorts = DispatchPorts &
  SettlePorts &
  ReservePorts & {
    readonly upstreamKeys: UpstreamKeys;
    /** For the status and the whole body, milliseconds. */
    readonly upstreamDeadlineMs: number;
  };

/** Nobody waits for a probe as for an answer: what a command may take is bound enough. */
const PATIENT: WaitBudget = { within: (work) => work() };

/** A key on trial is the tenant's own: its credits are none of the platform's. */
const NO_QUOTAS: Quotas = { daily: null, monthly: null };

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
  const asked = {
    quotas: NO_QUOTAS,
    priority: "interactive",
    lease: null,
    lookedAfter: null,
    candidates: [{ id: key.id, cap: key.cap }],
  } as const;
  const reservation = await reserve(ports, { ...order, ...asked }, { wait: PATIENT, background });
  if (reservation.kind !== "reserved") return { kind: "unavailable" };
  const { upstreamDeadlineMs: deadlineMs } = ports;
  const dispatched = dispatch(ports, { call, secret: key.secret, order, reservation, deadlineMs });
  // Before the reply is awaited, so that a client who leaves takes nothing with it.
  background(dispatched.then(({ event }) => settle(ports, event, order.credits)));
  const { classified, event } = await dispatched;
  const { outcome, creditsCharged, creditsInDoubt } = event;
  return { kind: "probed", outcome, json: classified.json, creditsCharged, creditsInDoubt };
}
