import type { Rate } from "./ports.ts";
import type { Stated } from "./stated-limits.ts";

/** How an answer came about, as `Cache-Status` says it (RFC 9211). `ttlSeconds` is negative for what is stale. */
export type CacheHandling =
  /**
   * `detail`: the tier, or why an answer past its time was served: Redis did not answer (`outage`), a quota is used up, the upstream key has
   * no room (`capacity`), the upstream fails, or it is being refreshed (`swr`). `derived`: made of the answer to another call.
   */
  | {
      readonly kind: "hit";
      readonly detail: "memory" | "colo" | "redis" | "derived" | "swr" | "outage" | "quota" | "capacity" | "upstream";
      readonly ttlSeconds: number;
    }
  /** `fwd`: nothing was at hand, or the request wanted something newer. `status` is null when none came. */
  | {
      readonly kind: "miss";
      readonly fwd: "uri-miss" | "request";
      readonly status: number | null;
      readonly stored: boolean;
      /** Another request fetched it. */
      readonly collapsed?: boolean;
      readonly ttlSeconds?: number;
    }
  /** Past its time, or older than was demanded, since what the upstream said is no answer. `status` is 0 when none came. */
  | { readonly kind: "stale"; readonly status: number; readonly ttlSeconds: number }
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
    case "stale":
      return `tikedge; fwd=${handling.ttlSeconds > 0 ? "request" : "stale"};${handling.status === 0 ? "" : ` fwd-status=${handling.status};`} ttl=${handling.ttlSeconds}; detail=sie`;
    case "bypass":
      return "tikedge; fwd=bypass; detail=download";
    default:
      return handling satisfies never;
  }
}

/**
 * `RateLimit-Policy` and `RateLimit` (IETF draft 11) of the limits that a request met. None when nobody said how much is left of any: figures
 * are never invented. `w` of a bucket is the time that an empty one takes to fill; its `t` is not the rest of that but when the next token
 * comes, for whoever was refused may ask again then.
 */
export function rateLimitFields(
  rates: readonly Rate[],
  nowMs: number,
  more: readonly Stated[] = [],
): Readonly<Record<string, string>> {
  let [policies, known] = ["", ""];
  // Each response says them: they are put together without lists in between.
  const state = ({ policy, quota, windowSeconds, left }: Stated) => {
    policies += `${policies === "" ? "" : ", "}"${policy}";q=${quota};w=${windowSeconds}`;
    if (left !== null) known += `${known === "" ? "" : ", "}"${policy}";r=${left.remaining};t=${left.seconds}`;
  };
  for (const rate of rates) {
    const stated = statedRate(rate, nowMs);
    if (stated !== undefined) state(stated);
  }
  for (const each of more) state(each);
  return known === "" ? {} : { "ratelimit-policy": policies, ratelimit: known };
}

/** Whole seconds until a time, rounded up, so that who waits them is never too early. */
export function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((atMs - nowMs) / 1_000));
}

/** The milliseconds of a `Retry-After` (RFC 9110, section 10.2.3), or nothing when it is none. */
export function retryAfterMs(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // JavaScript makes a date of `-5` too.
  const atMs = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** `Server-Timing` of named durations in milliseconds. */
export function serverTiming(durationsMs: Readonly<Record<string, number>>): string {
  return Object.entries(durationsMs)
    .map(([name, durationMs]) => `${name};dur=${Number(durationMs.toFixed(1))}`)
    .join(", ");
}

/** Nothing of a limiter that did not answer. */
function statedRate({ policy, bucket, decision }: Rate, nowMs: number): Stated | undefined {
  if (decision.kind === "unavailable") return undefined;
  const { capacity, refill, everyMs } = bucket;
  const windowSeconds = Math.ceil((capacity * everyMs) / refill / 1_000);
  const remaining = Math.max(0, Math.floor(decision.remaining));
  return {
    policy,
    quota: decision.limit,
    windowSeconds,
    left: { remaining, seconds: secondsUntil(decision.resetAtMs, nowMs) },
  };
}

function missed({ fwd, status, stored, collapsed, ttlSeconds }: Extract<CacheHandling, { kind: "miss" }>): string {
  const parts = [
    `tikedge; fwd=${fwd}`,
    ...(status === null ? [] : [`fwd-status=${status}`]),
    ...(stored ? ["stored"] : []),
    ...(collapsed ? ["collapsed"] : []),
    ...(ttlSeconds === undefined ? [] : [`ttl=${ttlSeconds}`]),
  ];
  return parts.join("; ");
}
