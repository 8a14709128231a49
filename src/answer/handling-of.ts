import type { Entry } from "../core/entry.ts";
import { serverTiming, type CacheHandling } from "../core/http-fields.ts";
import type { Answer, Refused } from "./answer.ts";
import { fetchedFor } from "./hit-of.ts";

type Fetched = Extract<Answer, { kind: "fetched" }>;
type Served = Exclude<Answer, Refused>;

/** How an answer came about, for `Cache-Status`; `entry` is what is served of it. */
export function handlingOf(answer: Served, { status, derived }: Entry, ttlSeconds: number): CacheHandling {
  switch (answer.kind) {
    case "fetched":
      return { kind: "miss", fwd: fwdOf(answer), status: answer.reply.status, stored: true, ttlSeconds };
    case "joined":
      return { kind: "miss", fwd: "uri-miss", status, stored: false, collapsed: true, ttlSeconds };
    case "refreshing":
      return { kind: "hit", detail: "swr", ttlSeconds };
    case "stale":
      return answer.instead.kind === "fetched"
        ? { kind: "stale", status: answer.instead.reply.status, ttlSeconds }
        : { kind: "hit", detail: reasonOf(answer.instead), ttlSeconds };
    case "hit":
      return { kind: "hit", detail: answer.outage ? "outage" : derived ? "derived" : answer.tier, ttlSeconds };
    default:
      return answer satisfies never;
  }
}

/** Why the upstream was asked. */
export function fwdOf({ because }: Fetched) {
  return because === "demand" ? "request" : "uri-miss";
}

/** What took its time, for `Server-Timing`: the upstream, or where the answer was. */
export function timingOf(answer: Served, totalMs: number): string {
  const fetched = fetchedFor(answer);
  if (fetched !== undefined) return serverTiming({ upstream: fetched.tookMs, total: totalMs });
  return `cache;desc=${answer.kind === "hit" ? answer.tier : answer.kind};dur=${totalMs}`;
}

/** Why nothing newer was asked for. */
function reasonOf(refused: Refused) {
  if (["joined-in-vain", "failed", "upstream-key-unavailable"].includes(refused.because)) return "upstream";
  if (refused.because !== "reservation") return "outage";
  const reasons = { spent: "quota", busy: "capacity", broken: "upstream", suspended: "outage" } as const;
  return reasons[refused.reservation.kind];
}
