import { charge, type ChargeRules } from "../core/charge.ts";
import type { Call } from "../core/catalogue.ts";
import type { HitCount } from "../core/usage.ts";
import type { Answer } from "./answer.ts";

/** What an answer counts as, with the credits that a dispatch would have cost; nothing where the upstream was asked, or nothing served. */
export function hitOf({ endpoint }: Call, answer: Answer, chargeRules: ChargeRules): HitCount | undefined {
  if (answer.kind === "fetched" || answer.kind === "refused") return undefined;
  // The upstream was asked all the same, and failed.
  if (answer.kind === "stale" && answer.instead.kind === "fetched") return undefined;
  const { path, credits } = endpoint;
  const outcome = answer.stored.entry.kind === "negative" ? "not_found" : "success";
  const { charged } = charge(outcome, { credits, stated: null }, chargeRules);
  return { endpoint: path, tier: tierOf(answer), hits: 1, creditsSaved: charged };
}

function tierOf(served: Exclude<Answer, { kind: "fetched" | "refused" }>): HitCount["tier"] {
  if (served.kind === "hit") return served.tier;
  return served.kind === "joined" ? "joined" : "stale";
}
