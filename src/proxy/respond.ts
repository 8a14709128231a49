import type { Context } from "hono";
import type { Answer, Refused } from "../answer/answer.ts";
import { isOfAccount } from "../core/charge.ts";
import { matchesEtag } from "../core/conditional.ts";
import type { Entry } from "../core/entry.ts";
import type { Failure } from "../core/ledger.ts";
import { cacheControl, cacheStatus, rateLimitFields, serverTiming } from "../core/http-fields.ts";
import type { UpstreamReply } from "../core/ports.ts";
import { problems, type Problem } from "../core/problem.ts";
import { statedQuotas, type Spending } from "../core/stated-limits.ts";
import { tightened } from "../core/windows.ts";
import type { ProxyEnv } from "./request.ts";

type Fetched = Extract<Answer, { kind: "fetched" }>;
type Kept = Extract<Answer, { kind: "hit" | "joined" | "refreshing" | "stale" }>;

/** Turns the answer into bytes and headers. The upstream's status, content type and body go out as they came. */
export const respond = (clock: () => number) =>
  function respond(c: Context<ProxyEnv>): Response {
    const { answer } = c.var;
    switch (answer.kind) {
      case "hit":
      case "joined":
      case "refreshing":
      case "stale":
        return fromEntry(c, answer.stored.entry, { answer, nowMs: clock() });
      case "fetched":
        return answer.entry === null
          ? fromReply(c, answer, clock())
          : fromEntry(c, answer.entry, { answer, nowMs: clock() });
      case "refused":
        throw refusalOf(c, answer, clock());
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

function refusalOf(c: Context<ProxyEnv>, refused: Refused, nowMs: number): Problem {
  if (refused.because === "failed") return failedJustNow(c, refused.failure);
  if (refused.because !== "reservation") return refusals[refused.because]();
  const { reservation } = refused;
  const { rates, identity } = c.var;
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
function failedJustNow(c: Context<ProxyEnv>, { outcome, status }: Failure): Problem {
  if (isOfAccount(outcome) && c.var.identity.tenant.keyMode !== "byo") return problems.upstreamAccount();
  return problems.upstreamFailedJustNow(outcome, status);
}

function fromEntry(
  c: Context<ProxyEnv>,
  entry: Entry,
  { answer, nowMs }: { answer: Kept | Fetched; nowMs: number },
): Response {
  const ageSeconds = Math.max(0, Math.floor((nowMs - entry.fetchedAtMs) / 1_000));
  // Of whole seconds, so that `Age` and `ttl` always add up to the window.
  const { freshMs } = tightened(entry, c.var.identity.tenant.windows);
  const leftSeconds = Math.floor(freshMs / 1_000) - ageSeconds;
  // What was purged softly is past its time before its window ends.
  const remainingSeconds = answer.kind === "refreshing" ? Math.min(0, leftSeconds) : leftSeconds;
  const headers = {
    ...commonHeaders(c, answer, nowMs),
    "cache-control": cacheControl(ageSeconds, remainingSeconds),
    "cache-status": cacheStatus({ ...statusOf(answer, entry), ttlSeconds: remainingSeconds }),
    age: String(ageSeconds),
    etag: entry.etag,
    vary: "Accept-Encoding",
  };
  const ifNoneMatch = c.req.header("if-none-match");
  if (entry.status === 200 && ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, entry.etag))
    return new Response(null, { status: 304, headers });
  return new Response(entry.body, { status: entry.status, headers: { ...headers, "content-type": entry.contentType } });
}

function statusOf(answer: Kept | Fetched, { status, derived }: Entry) {
  switch (answer.kind) {
    case "fetched":
      return { kind: "miss", fwd: fwdOf(answer), status: answer.reply.status, stored: true } as const;
    case "joined":
      return { kind: "miss", fwd: "uri-miss", status, stored: false, collapsed: true } as const;
    case "refreshing":
      return { kind: "hit", detail: "swr" } as const;
    case "stale":
      return answer.instead.kind === "fetched"
        ? ({ kind: "stale", status: answer.instead.reply.status } as const)
        : ({ kind: "hit", detail: reasonOf(answer.instead) } as const);
    case "hit":
      return { kind: "hit", detail: answer.outage ? "outage" : derived ? "derived" : answer.tier } as const;
    default:
      return answer satisfies never;
  }
}

function fwdOf({ because }: Fetched) {
  return because === "demand" ? "request" : "uri-miss";
}

/** Why nothing newer was asked for. */
function reasonOf(refused: Refused) {
  if (["joined-in-vain", "failed", "upstream-key-unavailable"].includes(refused.because)) return "upstream";
  if (refused.because !== "reservation") return "outage";
  const reasons = { spent: "quota", busy: "capacity", broken: "upstream", suspended: "outage" } as const;
  return reasons[refused.reservation.kind];
}

/** A reply that is nobody else's: passed on, but for what has no complete body and what is the platform's own trouble. */
function fromReply(c: Context<ProxyEnv>, answer: Fetched, nowMs: number): Response {
  const { reply, outcome } = answer;
  if (reply.kind === "failed") throw failures[reply.reason]();
  if (outcome === "malformed") throw problems.upstreamMalformed(answer.creditsCharged);
  const ownsKey = c.var.identity.tenant.keyMode === "byo";
  if (isOfAccount(outcome) && !ownsKey) throw problems.upstreamAccount();
  const bypass = c.var.call.endpoint.windows === "download";
  const headers = {
    ...commonHeaders(c, answer, nowMs),
    "content-type": reply.contentType,
    "cache-control": "private, no-store",
    "cache-status": cacheStatus(
      bypass ? { kind: "bypass" } : { kind: "miss", fwd: fwdOf(answer), status: reply.status, stored: false },
    ),
    ...(reply.retryAfter === null ? {} : { "retry-after": reply.retryAfter }),
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

function commonHeaders(c: Context<ProxyEnv>, answer: Kept | Fetched, nowMs: number): Record<string, string> {
  const dispatched = dispatchedFor(answer);
  const charged = dispatched?.creditsCharged ?? 0;
  const quotas = statedQuotas(c.var.identity.tenant.quotas, nowMs, spendingOf(answer));
  return {
    "cdn-cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-credits-charged": String(charged),
    "x-request-id": c.var.requestId,
    "server-timing":
      dispatched === undefined ? `cache;desc=${tierOf(answer)}` : serverTiming({ upstream: dispatched.tookMs }),
    ...rateLimitFields(c.var.rates, nowMs, quotas),
  };
}

/** What was asked of the upstream for this response, whether or not it is what is served. */
function dispatchedFor(answer: Kept | Fetched): Fetched | undefined {
  if (answer.kind === "fetched") return answer;
  return answer.kind === "stale" && answer.instead.kind === "fetched" ? answer.instead : undefined;
}

function tierOf(answer: Kept | Fetched): string {
  return answer.kind === "hit" ? answer.tier : answer.kind;
}

/** A hit asks the ledger nothing, so of quotas it knows only that they are there. */
function spendingOf(answer: Kept | Fetched): Spending | undefined {
  if (answer.kind === "fetched") return answer.spending;
  if (answer.kind !== "stale") return undefined;
  const { instead } = answer;
  if (instead.kind === "fetched") return instead.spending;
  return instead.because === "reservation" && instead.reservation.kind === "spent" ? instead.reservation : undefined;
}
