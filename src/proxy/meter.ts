import type { Answer } from "../answer/answer.ts";
import { fetchedFor, hitOf } from "../answer/hit-of.ts";
import type { ChargeRules } from "../core/charge.ts";
import type { RequestCounter } from "../core/ports.ts";
import type { CallCount } from "../core/usage.ts";
import type { Asked } from "./request.ts";

export type MeterPorts = {
  readonly requests: RequestCounter;
  readonly chargeRules: ChargeRules;
  readonly clock: () => number;
};

/**
 * Counts what was served, by key and by how long it took; hits with the credits that a dispatch would have cost. Fails open: a lost count is at
 * most two seconds of one isolate, never a credit spent.
 */
export const meter = ({ requests, chargeRules, clock }: MeterPorts) =>
  function meter(asked: Asked, answer: Answer): void {
    const { call, identity, beganMs, background } = asked;
    const { keyId, tenant } = identity;
    const tookMs = clock() - beganMs;
    const hit = hitOf(call, answer, chargeRules);
    if (hit !== undefined) return requests.addRequest(tenant.id, { keyId, tookMs, hit }, background);
    const paid = callOf(asked, answer);
    if (paid !== undefined) requests.addRequest(tenant.id, { keyId, tookMs, call: paid }, background);
  };

function callOf({ call, identity }: Asked, answer: Answer): CallCount | undefined {
  const fetched = fetchedFor(answer);
  if (fetched === undefined) return undefined;
  const { dispatches: calls, creditsCharged, creditsInDoubt } = fetched;
  const creditsOnOwnKey = identity.tenant.keyMode === "byo" ? creditsCharged : 0;
  return { endpoint: call.endpoint.path, calls, creditsCharged, creditsInDoubt, creditsOnOwnKey };
}
