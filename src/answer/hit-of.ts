import { charge, type ChargeRules } from "../core/charge.ts";
import type { Call } from "../core/catalogue.ts";
import type { HitCount } from "../core/usage.ts";
import type { Answer } from "./answer.ts";

type Fetched = Extract<Answer, { kind: "fetched" }>;

/** What an answer counts as, with the credits that a dispatch would have cost; nothing where the upstream was asked, or nothing served. */
export function hitOf({ endpoint }: Call, answer: Answer, chargeRules: ChargeRules): HitCount | undefined {
  if (answer.kind === "fetched" || answer.kind === "refused" || fetchedFor(answer) !== undefined) return undefined;
  const { path, credits } = endpoint;
  const outcome = answer.stored.entry.kind === "negative" ? "not_found" : "success";
  const { charged } = charge(outcome, { credits, stated: null }, chargeRules);
  return { endpoint: path, tier: tierOf(answer), hits: 1, creditsSaved: charged };
}

/** What was asked of the upstream for an answer, whether or not it is what is served. */
export function fetchedFor(answer: Answer): Fetched | undefined {
  if (answer.kind === "fetched") return answer;
  return answer.kind === "stale" && answer.instead.kind === "fetched" ? answer.instead : undefined;
}

function tierOf(served: Exclude<Answer, { kind: "fetched" | "refused" }>): HitCount["tier"] {
  if (served.kind === "hit") return served.tier;
  return served.kind === "joined" ? "joined" : "stale";
}
