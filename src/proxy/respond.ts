import type { Answer, Refused } from "../answer/answer.ts";
import { fwdOf, handlingOf, timingOf } from "../answer/handling-of.ts";
import { fetchedFor } from "../answer/hit-of.ts";
import { isOfAccount } from "../core/charge.ts";
import { matchesEtag } from "../core/conditional.ts";
import type { Entry } from "../core/entry.ts";
import type { Failure } from "../core/ledger.ts";
import { cacheControl, cacheStatus, rateLimitFields } from "../core/http-fields.ts";
import type { UpstreamReply } from "../core/ports.ts";
import { problems, type Problem } from "../core/problem.ts";
import { statedQuotas, type Spending } from "../core/stated-limits.ts";
import { tightened } from "../core/windows.ts";
import type { Asked } from "./request.ts";
import { sharedFields } from "./share-origin.ts";

type Fetched = Extract<Answer, { kind: "fetched" }>;
const VARY = "Accept-Encoding";

type Kept = Extract<Answer, { kind: "hit" | "joined" | "refreshing" | "stale" }>;

/** What a response is made of, and when. */
type Serving<Of extends Answer> = {
  readonly asked: Asked;
  readonly answer: Of;
  readonly pageOrigin: string | undefined;
  readonly nowMs: number;
};

/** Turns the answer into bytes and headers. The upstream's status, content type and body go out as they came. */
export const respond = (clock: () => number) =>
  function respond(asked: Asked, answer: Answer, pageOrigin: string | undefined): Response {
    const nowMs = clock();
    switch (answer.kind) {
      case "hit":
      case "joined":
      case "refreshing":
      case "stale":
        return fromEntry(answer.stored.entry, { asked, answer, pageOrigin, nowMs });
      case "fetched":
        return answer.entry === null
          ? fromReply({ asked, answer, pageOrigin, nowMs })
          : fromEntry(answer.entry, { asked, answer, pageOrigin, nowMs });
      case "refused":
        throw refusalOf(asked, answer, nowMs);
      default:
        return answer satisfies never;
    }
  };

const refusals: Record<Exclude<Refused["because"], "reservation" | "failed">, () => Problem> = {
  "answers-unavailable": problems.cachesUnavailable,
  "ledger-unavailable": problems.ledgerUnavailable,
  "upstream-key-unavailable": problems.upstreamKeyUnavailable,
  "joined-in-vain": problems.joinedInVain,
  "not-cached": problems.notCached,
};

function refusalOf(asked: Asked, refused: Refused, nowMs: number): Problem {
  if (refused.because === "failed") return failedJustNow(asked, refused.failure);
  if (refused.because !== "reservation") return refusals[refused.because]();
  const { reservation } = refused;
  const { rates, identity } = asked;
  const met = { rates, quotas: identity.tenant.quotas, nowMs };
  switch (reservation.kind) {
    case "spent":
      return problems.quotaSpent(reservation, met);
    case "busy":
      return problems.upstreamBusy(reservation, met);
    case "broken":
      return problems.upstreamResting(reservation.inMs);
    case "suspended":
      return problems.tenantSuspended();
    default:
      return reservation satisfies never;
  }
}

/** What is wrong with the platform's account is not the tenant's to see. */
function failedJustNow({ identity }: Asked, { outcome, status }: Failure): Problem {
  if (isOfAccount(outcome) && identity.tenant.keyMode !== "byo") return problems.upstreamAccount();
  return problems.upstreamFailedJustNow(outcome, status);
}

function fromEntry(entry: Entry, serving: Serving<Kept | Fetched>): Response {
  const { asked, answer, pageOrigin, nowMs } = serving;
  const ageSeconds = Math.max(0, Math.floor((nowMs - entry.fetchedAtMs) / 1_000));
  // Of whole seconds, so that `Age` and `ttl` always add up to the window.
  const { freshMs } = tightened(entry, asked.identity.tenant.windows);
  const leftSeconds = Math.floor(freshMs / 1_000) - ageSeconds;
  // What was purged softly is past its time before its window ends.
  const remainingSeconds = answer.kind === "refreshing" ? Math.min(0, leftSeconds) : leftSeconds;
  const headers = commonHeaders(serving);
  headers["cache-control"] = cacheControl(ageSeconds, remainingSeconds);
  headers["cache-status"] = cacheStatus(handlingOf(answer, entry, remainingSeconds));
  headers["age"] = String(ageSeconds);
  headers["etag"] = entry.etag;
  headers["vary"] = VARY;
  if (pageOrigin !== undefined) Object.assign(headers, sharedFields(pageOrigin, VARY));
  const ifNoneMatch = asked.headers.get("if-none-match");
  if (entry.status === 200 && ifNoneMatch !== null && matchesEtag(ifNoneMatch, entry.etag))
    return new Response(null, { status: 304, headers });
  headers["content-type"] = entry.contentType;
  return new Response(entry.body, { status: entry.status, headers });
}

/** A reply that is nobody else's: passed on, but for what has no complete body and what is the platform's own trouble. */
function fromReply(serving: Serving<Fetched>): Response {
  const { asked, answer, pageOrigin } = serving;
  const { reply, outcome } = answer;
  if (reply.kind === "failed") throw failures[reply.reason]();
  if (outcome === "malformed") throw problems.upstreamMalformed(answer.creditsCharged);
  const ownsKey = asked.identity.tenant.keyMode === "byo";
  if (isOfAccount(outcome) && !ownsKey) throw problems.upstreamAccount();
  const bypass = asked.call.endpoint.windows === "download";
  const headers = {
    ...commonHeaders(serving),
    "content-type": reply.contentType,
    "cache-control": "private, no-store",
    "cache-status": cacheStatus(
      bypass ? { kind: "bypass" } : { kind: "miss", fwd: fwdOf(answer), status: reply.status, stored: false },
    ),
    ...(reply.retryAfter === null ? {} : { "retry-after": reply.retryAfter }),
    ...(pageOrigin === undefined ? undefined : sharedFields(pageOrigin)),
  };
  return new Response(reply.body, { status: reply.status, headers });
}

const failures: Record<Extract<UpstreamReply, { kind: "failed" }>["reason"], () => Problem> = {
  timeout: problems.upstreamTimeout,
  thrown: problems.upstreamUnreachable,
  truncated: problems.upstreamMalformed,
  oversized: problems.upstreamOversized,
  redirect: problems.upstreamRedirected,
};

function commonHeaders({ asked, answer, nowMs }: Serving<Kept | Fetched>): Record<string, string> {
  const fetched = fetchedFor(answer);
  const charged = fetched?.creditsCharged ?? 0;
  const totalMs = nowMs - asked.beganMs;
  const quotas = statedQuotas(asked.identity.tenant.quotas, nowMs, spendingOf(answer));
  return {
    "cdn-cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-credits-charged": String(charged),
    "x-request-id": asked.requestId,
    "server-timing": timingOf(answer, totalMs),
    ...rateLimitFields(asked.rates, nowMs, quotas),
  };
}

/** A hit asks the ledger nothing, so of quotas it knows only that they are there. */
function spendingOf(answer: Kept | Fetched): Spending | undefined {
  if (answer.kind === "fetched") return answer.spending;
  if (answer.kind !== "stale") return undefined;
  const { instead } = answer;
  if (instead.kind === "fetched") return instead.spending;
  return instead.because === "reservation" && instead.reservation.kind === "spent" ? instead.reservation : undefined;
}
