import type { Answer } from "../answer/answer.ts";
import { charge, type ChargeRules } from "../core/charge.ts";
import type { HitCounter } from "../core/ports.ts";
import type { HitCount } from "../core/usage.ts";
import type { Asked } from "./request.ts";

/** Counts hits with the credits that a dispatch would have cost. Fails open: a lost count is at most two seconds of one isolate, never a credit spent. */
export const meter = (hits: HitCounter, chargeRules: ChargeRules) =>
  function meter({ call, identity, background }: Asked, answer: Answer): void {
    if (answer.kind === "fetched" || answer.kind === "refused") return;
    // The upstream was asked all the same, and failed.
    if (answer.kind === "stale" && answer.instead.kind === "fetched") return;
    const { path, credits } = call.endpoint;
    const outcome = answer.stored.entry.kind === "negative" ? "not_found" : "success";
    const count = {
      endpoint: path,
      tier: tierOf(answer),
      hits: 1,
      creditsSaved: charge(outcome, { credits, stated: null }, chargeRules).charged,
    };
    hits.add(identity.tenant.id, count, background);
  };

function tierOf(served: Exclude<Answer, { kind: "fetched" | "refused" }>): HitCount["tier"] {
  if (served.kind === "hit") return served.tier;
  return served.kind === "joined" ? "joined" : "stale";
}
