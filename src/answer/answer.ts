import { answerKey } from "../core/answer-key.ts";
import type { Call } from "../core/catalogue.ts";
import type { Outcome } from "../core/charge.ts";
import type { Stored } from "../core/entry.ts";
import type { Quotas, Reservation } from "../core/ledger.ts";
import type { Background, UpstreamKeyRef, WaitBudget } from "../core/ports.ts";
import { freshness } from "../core/windows.ts";
import { fetchPaid, type PaidPorts } from "./fetch-paid.ts";
import type { Fetched } from "./fetch-until-answered.ts";
import { lookUp, type LookUpPorts, type Sought, type Tier } from "./look-up.ts";

/** Who pays for a dispatch, and whose answers it may read and write. */
export type Payer = {
  readonly tenantId: string;
  /** `pool:<region>` or `tenant:<id>`. */
  readonly scope: string;
  /** What the upstream key may see: part of the cache key where bodies carry media URLs. */
  readonly tier: "download" | "standard";
  readonly upstreamKey: UpstreamKeyRef;
  readonly quotas: Quotas;
};

export type Ask = {
  readonly call: Call;
  readonly payer: Payer;
  readonly requestId: string;
  readonly wait: WaitBudget;
  readonly background: Background;
};

export type Answer =
  | ({ readonly kind: "hit"; readonly tier: Tier } & Served)
  /** Another request was fetching it, and paid. */
  | ({ readonly kind: "joined" } & Served)
  /** Past its time, instead of a refusal or of a failure of the upstream's. */
  | ({ readonly kind: "stale"; readonly instead: Refused | FetchedAnswer } & Served)
  | FetchedAnswer
  | Refused;

type FetchedAnswer = { readonly kind: "fetched" } & Fetched;

type Served = {
  readonly stored: Stored;
  /** Redis did not answer, and the isolate's copy is past the time it would be trusted for otherwise. */
  readonly outage: boolean;
};

/** Nothing was dispatched and nothing charged. */
export type Refused = { readonly kind: "refused" } & (
  | {
      readonly because:
        | "answers-unavailable"
        | "ledger-unavailable"
        | "upstream-key-unavailable"
        /** Who fetches the same call took too long. */
        | "joined-in-vain";
    }
  | { readonly because: "reservation"; readonly reservation: Refusal }
);

/** What the ledger has against it. */
export type Refusal = Extract<Reservation, { kind: "spent" | "busy" | "broken" | "suspended" }>;

export type AnswerPorts = LookUpPorts &
  PaidPorts & {
    readonly namespaceVersion: string;
    /** How soon who waits for another's fetch looks for the answer the first time, milliseconds; each time later by half, up to `joinMostMs`. */
    readonly joinMs: number;
    readonly joinMostMs: number;
    readonly newWaitBudget: () => WaitBudget;
  };

/**
 * The one use case that spends: look up, reserve, dispatch, settle and store. Whoever asks (a tenant's request today) asks here, so a
 * credit has one path. Fails closed: without the caches or the ledger nothing is dispatched, since a credit could be spent twice. Instead
 * of a refusal or a failing upstream's error, what is past its time is served, if that is still at hand: a budget that is gone, or an
 * upstream in trouble, makes answers older before it breaks a product.
 */
export async function answer(ports: AnswerPorts, ask: Ask): Promise<Answer> {
  const { call, payer } = ask;
  const key = answerKey({ call, scope: payer.scope, tier: payer.tier, namespaceVersion: ports.namespaceVersion });
  const sought = { key, ask };
  const found = await lookUp(ports, sought);
  if (found.kind === "hit") return found;
  if (found.kind === "unavailable") return { kind: "refused", because: "answers-unavailable" };
  const paid = await fetchOrJoin(ports, sought);
  if (found.stale === undefined || !isReplaceable(paid, payer)) return paid;
  // It may have waited long enough for the bound to pass.
  return freshness(found.stale.entry, ports.clock()) === "expired"
    ? paid
    : { kind: "stale", stored: found.stale, outage: false, instead: paid };
}

/** Who finds that another request is fetching the same waits for its answer, which costs nothing, and fetches itself if none comes of it. */
async function fetchOrJoin(ports: AnswerPorts, sought: Sought): Promise<Answer> {
  const { clock, pause, upstreamDeadlineMs, joinMostMs } = ports;
  const giveUpAtMs = clock() + upstreamDeadlineMs;
  let pauseMs = ports.joinMs;
  let looking = sought;
  for (;;) {
    const paid = await fetchPaid(ports, looking);
    if (paid.kind !== "leased") return paid;
    if (clock() + pauseMs >= giveUpAtMs) return { kind: "refused", because: "joined-in-vain" };
    await pause(pauseMs);
    pauseMs = Math.min(joinMostMs, Math.round(pauseMs * 1.5));
    // Who waits for the upstream loses nothing by asking Redis meanwhile: each look has a budget of its own.
    looking = { ...sought, ask: { ...sought.ask, wait: ports.newWaitBudget() } };
    const found = await lookUp(ports, looking);
    if (found.kind === "hit") return { kind: "joined", stored: found.stored, outage: found.outage };
    if (found.kind === "unavailable") return { kind: "refused", because: "answers-unavailable" };
  }
}

/** What says nothing of what was asked for, but of the upstream's state, or of our account there. */
const TROUBLE: ReadonlySet<Outcome> = new Set([
  "account_error",
  "unclear_error",
  "rate_limited",
  "server_error",
  "origin_unreachable",
  "hollow",
  "malformed",
  "redirect",
  "truncated",
  "oversized",
  "timeout",
  "thrown",
]);

/** A tenant that may not ask gets nothing, and one whose own key is refused has to learn of it. */
function isReplaceable(answered: Answer, { upstreamKey }: Payer): answered is Refused | FetchedAnswer {
  if (answered.kind === "refused")
    return answered.because !== "reservation" || answered.reservation.kind !== "suspended";
  if (answered.kind !== "fetched" || !TROUBLE.has(answered.outcome)) return false;
  return answered.outcome !== "account_error" || upstreamKey.kind === "platform";
}
