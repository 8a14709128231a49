import type { Call } from "../core/catalogue.ts";
import type { Outcome } from "../core/charge.ts";
import type { Demand } from "../core/directives.ts";
import type { Stored } from "../core/entry.ts";
import type { Failure, Priority, Quotas, Reservation } from "../core/ledger.ts";
import type { Alongside, Background, UpstreamKeyRef, WaitBudget } from "../core/ports.ts";
import { freshness, tightened, type WindowOverrides } from "../core/windows.ts";
import { askRefresh, type AskRefreshPorts } from "./ask-refresh.ts";
import { fetchOrJoin, type JoinPorts } from "./fetch-or-join.ts";
import type { Fetched } from "./fetch-until-answered.ts";
import { lookUp, stillStands, type Found, type Sought, type Tier } from "./look-up.ts";
import { keyOf } from "./payer.ts";

/** Who pays for a dispatch, and whose answers it may read and write. */
export type Payer = {
  readonly tenantId: string;
  /** `pool:<region>` or `tenant:<id>`. */
  readonly scope: string;
  /** What the upstream key may see: part of the cache key where bodies carry media URLs. */
  readonly tier: "download" | "standard";
  readonly upstreamKey: UpstreamKeyRef;
  readonly quotas: Quotas;
  /** The windows that the tenant tightened. */
  readonly windows: WindowOverrides;
  /** When the tenant last purged answers of a pool for itself, Unix milliseconds. */
  readonly purgedAtMs: number | null;
};

export type Ask = {
  readonly call: Call;
  readonly payer: Payer;
  readonly demand: Demand;
  readonly priority: Priority;
  readonly requestId: string;
  readonly wait: WaitBudget;
  readonly background: Background;
  /**
   * Asks for what has to be known before anything is served or spent, where it is not known yet. It rejects when the request is refused. A look-up
   * that goes to Redis takes part of the question `alongside`.
   */
  readonly admission?: (() => Promise<unknown>) | undefined;
  readonly alongside?: readonly Alongside[] | undefined;
  /**
   * Limits of the asker's own on what is fetched: asked before a credit is reserved, and what it returns stands in place of the fetch; asked
   * before a refresh is, which then is not.
   */
  readonly beforeFetch?: (() => Promise<Refused | undefined>) | undefined;
};

export type Answer =
  | ({ readonly kind: "hit"; readonly tier: Tier } & Served)
  /** Another request was fetching it, and paid. */
  | ({ readonly kind: "joined" } & Served)
  /** Past its time, and refreshed behind the response. */
  | ({ readonly kind: "refreshing" } & Served)
  /** Past its time, instead of a refusal or of a failure of the upstream's. */
  | ({ readonly kind: "stale"; readonly instead: Refused | FetchedAnswer } & Served)
  | FetchedAnswer
  | Refused;

type FetchedAnswer = {
  readonly kind: "fetched";
  /** Why the upstream was asked: what was wanted was not at hand, or it was but for what the request demands. */
  readonly because: "miss" | "demand";
} & Fetched;

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
        | "joined-in-vain"
        /** The request wants nothing that would have to be fetched. */
        | "not-cached";
    }
  /** Another request's fetch of the same call failed a moment ago. */
  | { readonly because: "failed"; readonly failure: Failure }
  | { readonly because: "reservation"; readonly reservation: Refusal }
);

/** What the ledger has against it. */
export type Refusal = Extract<Reservation, { kind: "spent" | "busy" | "broken" | "suspended" }>;

export type AnswerPorts = JoinPorts & AskRefreshPorts & { readonly namespaceVersion: string };

/**
 * The one use case that spends: look up, reserve, dispatch, settle and store. Whoever asks asks here, so a credit has one path. What is a
 * little past its time is served at once and refreshed behind the response. Fails closed: without the caches or the ledger nothing is
 * dispatched, since a credit could be spent twice. Instead of a refusal or a failing upstream's error, what is further past its time is
 * served, if that is still at hand: a budget that is gone, or an upstream in trouble, makes answers older before it breaks a product.
 */
export async function answer(ports: AnswerPorts, ask: Ask): Promise<Answer> {
  const sought = { key: keyOf(ports, ask), ask };
  const found = await lookUpAdmitted(ports, sought);
  switch (found.kind) {
    case "hit":
      return found;
    case "stale":
      if (!ask.demand.onlyIfCached) ask.background(askRefresh(ports, sought, found.stored));
      return { kind: "refreshing", stored: found.stored, outage: false };
    case "unavailable":
      return { kind: "refused", because: ask.demand.onlyIfCached ? "not-cached" : "answers-unavailable" };
    case "miss":
      if (ask.demand.onlyIfCached) return { kind: "refused", because: "not-cached" };
      return orLastResort(ports, ask, { found, paid: await fetchOrJoin(ports, sought) });
    default:
      return found satisfies never;
  }
}

/** A purge that became known while the admission was waited for holds for a copy that was found before. */
async function lookUpAdmitted(ports: AnswerPorts, sought: Sought): Promise<Found> {
  const found = await lookUp(ports, sought, sought.ask.alongside);
  if (sought.ask.admission === undefined) return found;
  await sought.ask.admission();
  return found.kind === "hit" && !stillStands(ports, sought, found) ? lookUp(ports, sought) : found;
}

type Missed = { readonly found: Extract<Found, { kind: "miss" }>; readonly paid: Answer };

/** What was fetched or refused, or what is served in place of it. */
export function orLastResort({ clock }: Pick<AnswerPorts, "clock">, { payer, demand }: Ask, missed: Missed): Answer {
  const { lastResort: stored, isDemanded } = missed.found;
  const because = isDemanded || demand.isForced ? "demand" : "miss";
  const paid = missed.paid.kind === "fetched" ? ({ ...missed.paid, because } as const) : missed.paid;
  if (stored === undefined || !isReplaceable(paid, payer)) return paid;
  // It may have waited long enough for the bound to pass.
  return freshness(tightened(stored.entry, payer.windows), clock()) === "expired"
    ? paid
    : { kind: "stale", stored, outage: false, instead: paid };
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
function isReplaceable(answered: Answer, payer: Payer): answered is Refused | FetchedAnswer {
  if (answered.kind === "refused") return isReplaceableRefusal(answered, payer);
  if (answered.kind !== "fetched" || !TROUBLE.has(answered.outcome)) return false;
  return answered.outcome !== "account_error" || payer.upstreamKey.kind === "platform";
}

function isReplaceableRefusal(refused: Refused, { upstreamKey }: Payer): boolean {
  if (refused.because === "reservation") return refused.reservation.kind !== "suspended";
  if (refused.because !== "failed") return true;
  return (
    TROUBLE.has(refused.failure.outcome) &&
    (refused.failure.outcome !== "account_error" || upstreamKey.kind === "platform")
  );
}
