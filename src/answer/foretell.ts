import type { Quotas } from "../core/ledger.ts";
import type { Spending } from "../core/stated-limits.ts";
import { orLastResort, type Ask, type Refused } from "./answer.ts";
import type { Found, LookUpPorts, Tier } from "./look-up.ts";

/** What would become of a request. */
export type Foretold =
  | { readonly kind: "hit"; readonly tier: Tier; readonly outage: boolean }
  /** Served past its time, and refreshed behind the response. */
  | { readonly kind: "stale" }
  /** The ledger would be asked for a credit: whether another request fetches the same, or the upstream key has no room, it says only then. */
  | { readonly kind: "fetch" }
  /** `last-resort`: served past its time in place of the refusal. */
  | { readonly kind: "last-resort" | "refuse"; readonly refused: Refused };

export type Means = {
  /** Whether there is an upstream key to pay with. */
  readonly hasUpstreamKey: boolean;
  /** Nothing when the ledger does not answer. */
  readonly spending: Spending | undefined;
};

/** Says what `answer` would do with what was found, and asks nobody. */
export function foretell(
  ports: Pick<LookUpPorts, "clock">,
  ask: Ask,
  { found, means }: { readonly found: Found; readonly means: Means },
): Foretold {
  switch (found.kind) {
    case "hit":
      return { kind: "hit", tier: found.tier, outage: found.outage };
    case "stale":
      return { kind: "stale" };
    case "unavailable":
      return { kind: "refuse", refused: { kind: "refused", because: "answers-unavailable" } };
    case "miss": {
      const refused = refusalOf(ask, means);
      if (refused === undefined) return { kind: "fetch" };
      const served = orLastResort(ports, ask, { found, paid: refused });
      return { kind: served.kind === "stale" ? "last-resort" : "refuse", refused };
    }
    default:
      return found satisfies never;
  }
}

/** What stands in the way of a fetch, in the order in which it would be met. */
function refusalOf({ call, payer }: Ask, { hasUpstreamKey, spending }: Means): Refused | undefined {
  if (!hasUpstreamKey) return { kind: "refused", because: "upstream-key-unavailable" };
  if (spending === undefined) return { kind: "refused", because: "ledger-unavailable" };
  const quota = overdrawn(payer.quotas, spending, call.endpoint.credits);
  if (quota === undefined) return undefined;
  return { kind: "refused", because: "reservation", reservation: { kind: "spent", quota, ...spending } };
}

/** The month's first, as the ledger names it when both have too little left. */
function overdrawn(quotas: Quotas, { spent }: Spending, credits: number): keyof Quotas | undefined {
  const names: readonly (keyof Quotas)[] = ["monthly", "daily"];
  return names.find((name) => spent[name] + credits > (quotas[name] ?? Infinity));
}
