import type { Refused } from "../answer/answer.ts";
import type { Foretold } from "../answer/foretell.ts";
import type { Held } from "../answer/inspect.ts";
import type { Call } from "../core/catalogue.ts";
import type { ExplanationView, Reason } from "../core/explanation.ts";
import { isTrialOver } from "../core/key-rights.ts";
import type { QuotaView } from "../core/statement-resources.ts";
import type { Tenant } from "../core/tenant.ts";

type Verdict = Pick<ExplanationView, "would" | "because" | "tier">;

export type Grounds = {
  readonly call: Call;
  readonly tenant: Tenant;
  readonly redis: Held;
  readonly foretold: Foretold;
  readonly burst: QuotaView["data"];
};

/**
 * What would happen, and why. Before the caches it is asked whether the tenant may ask at all, and how fast: a hit takes a token too.
 */
export function verdictOf({ call, tenant, redis, foretold, burst }: Grounds, nowMs: number): Verdict {
  if (tenant.status === "suspended") return refuse("tenant-suspended");
  if (isTrialOver(tenant, nowMs)) return refuse("trial-ended");
  if (burst.some(({ remaining }) => remaining === 0)) return refuse("burst");
  switch (foretold.kind) {
    case "hit":
      return { would: "hit", because: foretold.outage ? "outage" : "fresh", tier: foretold.tier };
    case "stale":
      return { would: "stale", because: pastOf(redis), tier: "redis" };
    case "fetch":
      return { would: "fetch", because: missOf(call, redis), tier: null };
    case "last-resort":
    case "refuse":
      return { would: foretold.kind, because: refusals(foretold.refused), tier: null };
    default:
      return foretold satisfies never;
  }
}

function refuse(because: Reason): Verdict {
  return { would: "refuse", because, tier: null };
}

function missOf({ endpoint }: Call, redis: Held): Reason {
  if (endpoint.windows === "download") return "never-kept";
  return redis.kind === "present" ? pastOf(redis) : "absent";
}

function pastOf(held: Held): Reason {
  return held.kind === "present" && held.purge !== "none" ? "purged" : "past-its-time";
}

/** Of the refusals that can be foretold. */
function refusals(refused: Refused): Reason {
  if (refused.because === "reservation" && refused.reservation.kind === "spent") return refused.reservation.quota;
  if (refused.because === "upstream-key-unavailable" || refused.because === "ledger-unavailable")
    return refused.because;
  return "cache-unavailable";
}
