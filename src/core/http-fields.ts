import type { Rate, RateDecision } from "./ports.ts";

/** How an answer came about, as `Cache-Status` says it (RFC 9211). `ttlSeconds` is negative for what is stale. */
export type CacheHandling =
  /** `detail`: the tier, or `outage` where Redis did not answer and an answer past its time was served. */
  | {
      readonly kind: "hit";
      readonly detail: "memory" | "colo" | "redis" | "outage";
      readonly ttlSeconds: number;
    }
  /** `status` is null when none came. */
  | {
      readonly kind: "miss";
      readonly status: number | null;
      readonly stored: boolean;
      readonly ttlSeconds?: number;
    }
  /** A download: never looked up and never kept. */
  | { readonly kind: "bypass" };

/** A client asks again after a minute at the latest, for a purge does not reach what a client keeps. */
const CLIENT_KEEPS_SECONDS = 60;

/**
 * `Cache-Control` of a tenant's answer, from whole seconds. Private, since `X-Api-Key` is not `Authorization` and nothing else would keep a
 * shared cache from storing it. A client subtracts `Age` from `max-age`, so the age is added.
 */
export function cacheControl(ageSeconds: number, remainingSeconds: number): string {
  return `private, max-age=${ageSeconds + Math.max(0, Math.min(CLIENT_KEEPS_SECONDS, remainingSeconds))}`;
}

/** One member, ours. `hit` and `fwd` exclude each other; the key is never shown. */
export function cacheStatus(handling: CacheHandling): string {
  switch (handling.kind) {
    case "hit":
      return `tikedge; hit; ttl=${handling.ttlSeconds}; detail=${handling.detail}`;
    case "miss":
      return missed(handling);
    case "bypass":
      return "tikedge; fwd=bypass; detail=download";
    default:
      return handling satisfies never;
  }
}

/**
 * `RateLimit-Policy` and `RateLimit` (IETF draft 11) of the limits that a request met. None for a limiter that did not answer: figures
 * are never invented. `w` is the time that an empty bucket takes to fill; `t` is not its rest but when the next token comes, for whoever
 * was refused may ask again then.
 */
export function rateLimitFields(rates: readonly Rate[], nowMs: number): Readonly<Record<string, string>> {
  const known = rates.flatMap((rate) => (rate.decision.kind === "unavailable" ? [] : [stated(rate, rate.decision)]));
  if (known.length === 0) return {};
  return {
    "ratelimit-policy": known.map(({ policy, q, w }) => `"${policy}";q=${q};w=${w}`).join(", "),
    ratelimit: known.map(({ policy, r, atMs }) => `"${policy}";r=${r};t=${secondsUntil(atMs, nowMs)}`).join(", "),
  };
}

/** Whole seconds until a time, rounded up, so that who waits them is never too early. */
export function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((atMs - nowMs) / 1_000));
}

/** `Server-Timing` of named durations in milliseconds. */
export function serverTiming(durationsMs: Readonly<Record<string, number>>): string {
  return Object.entries(durationsMs)
    .map(([name, durationMs]) => `${name};dur=${Number(durationMs.toFixed(1))}`)
    .join(", ");
}

function stated({ policy, bucket }: Rate, decision: Exclude<RateDecision, { kind: "unavailable" }>) {
  const { capacity, refill, everyMs } = bucket;
  return {
    policy,
    q: decision.limit,
    w: Math.ceil((capacity * everyMs) / refill / 1_000),
    r: Math.max(0, Math.floor(decision.remaining)),
    atMs: decision.resetAtMs,
  };
}

function missed({ status, stored, ttlSeconds }: Extract<CacheHandling, { kind: "miss" }>): string {
  const parts = [
    "tikedge; fwd=uri-miss",
    ...(status === null ? [] : [`fwd-status=${status}`]),
    ...(stored ? ["stored"] : []),
    ...(ttlSeconds === undefined ? [] : [`ttl=${ttlSeconds}`]),
  ];
  return parts.join("; ");
}
