import type { Answer } from "../answer/answer.ts";
import { hitOf } from "../answer/hit-of.ts";
import type { ChargeRules } from "../core/charge.ts";
import type { HitCounter } from "../core/ports.ts";
import type { Asked } from "./request.ts";

/** Counts hits with the credits that a dispatch would have cost. Fails open: a lost count is at most two seconds of one isolate, never a credit spent. */
export const meter = (hits: HitCounter, chargeRules: ChargeRules) =>
  function meter({ call, identity, background }: Asked, answer: Answer): void {
    const hit = hitOf(call, answer, chargeRules);
    if (hit !== undefined) hits.add(identity.tenant.id, hit, background);
  };
