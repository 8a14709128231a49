import type { Context } from "hono";
import type { Answer, Refusal } from "../answer/answer.ts";
import { matchesEtag } from "../core/conditional.ts";
import type { Entry } from "../core/entry.ts";
import { cacheControl, cacheStatus, rateLimitFields, serverTiming } from "../core/http-fields.ts";
import type { UpstreamReply } from "../core/ports.ts";
import { problems, type Problem } from "../core/problem.ts";
import type { ProxyEnv } from "./request.ts";

type Fetched = Extract<Answer, { kind: "fetched" }>;
type Hit = Extract<Answer, { kind: "hit" }>;

/** Turns the answer into bytes and headers. The upstream's status, content type and body go out as they came. */
export const respond = (clock: () => number) =>
  function respond(c: Context<ProxyEnv>): Response {
    const { answer } = c.var;
    switch (answer.kind) {
      case "hit":
        return fromEntry(c, answer.stored.entry, { answer, nowMs: clock() });
      case "fetched":
        return answer.entry === null
          ? fromReply(c, answer, clock())
          : fromEntry(c, answer.entry, { answer, nowMs: clock() });
      case "refused":
        throw refusals[answer.because]();
      default:
        return answer satisfies never;
    }
  };

const refusals: Record<Refusal, () => Problem> = {
  "answers-unavailable": problems.cachesUnavailable,
  "ledger-unavailable": problems.ledgerUnavailable,
  "upstream-key-unavailable": problems.upstreamKeyUnavailable,
};

function fromEntry(
  c: Context<ProxyEnv>,
  entry: Entry,
  { answer, nowMs }: { answer: Hit | Fetched; nowMs: number },
): Response {
  const ageSeconds = Math.max(0, Math.floor((nowMs - entry.fetchedAtMs) / 1_000));
  // Of whole seconds, so that `Age` and `ttl` always add up to the window.
  const remainingSeconds = Math.floor(entry.freshMs / 1_000) - ageSeconds;
  const headers = {
    ...commonHeaders(c, answer, nowMs),
    "cache-control": cacheControl(ageSeconds, remainingSeconds),
    "cache-status": cacheStatus({ ...statusOf(answer), ttlSeconds: remainingSeconds }),
    age: String(ageSeconds),
    etag: entry.etag,
    vary: "Accept-Encoding",
  };
  const ifNoneMatch = c.req.header("if-none-match");
  if (entry.status === 200 && ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, entry.etag))
    return new Response(null, { status: 304, headers });
  return new Response(entry.body, { status: entry.status, headers: { ...headers, "content-type": entry.contentType } });
}

function statusOf(answer: Hit | Fetched) {
  if (answer.kind === "fetched") return { kind: "miss", status: answer.reply.status, stored: true } as const;
  return { kind: "hit", detail: answer.outage ? "outage" : answer.tier } as const;
}

/** A reply that is nobody else's: passed on, but for what has no complete body and what is the platform's own trouble. */
function fromReply(c: Context<ProxyEnv>, answer: Fetched, nowMs: number): Response {
  const { reply, outcome } = answer;
  if (reply.kind === "failed") throw failures[reply.reason]();
  if (outcome === "malformed") throw problems.upstreamMalformed();
  const ownsKey = c.var.identity.tenant.keyMode === "byo";
  const isOfAccount = outcome === "account_error" || outcome === "unclear_error";
  if (isOfAccount && !ownsKey) throw problems.upstreamAccount();
  const bypass = c.var.call.endpoint.windows === "download";
  const headers = {
    ...commonHeaders(c, answer, nowMs),
    "content-type": reply.contentType,
    "cache-control": "private, no-store",
    "cache-status": cacheStatus(bypass ? { kind: "bypass" } : { kind: "miss", status: reply.status, stored: false }),
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

function commonHeaders(c: Context<ProxyEnv>, answer: Hit | Fetched, nowMs: number): Record<string, string> {
  const charged = answer.kind === "fetched" ? answer.creditsCharged : 0;
  return {
    "cdn-cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-credits-charged": String(charged),
    "x-request-id": c.var.requestId,
    "server-timing":
      answer.kind === "fetched" ? serverTiming({ upstream: answer.tookMs }) : `cache;desc=${answer.tier}`,
    ...rateLimitFields(c.var.rates, nowMs),
  };
}
