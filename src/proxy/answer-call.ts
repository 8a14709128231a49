import { answer, type Answer, type AnswerPorts, type Ask } from "../answer/answer.ts";
import { payerOf, type PoolSettings } from "../answer/payer.ts";
import { demandOf } from "../core/directives.ts";
import type { Asked } from "./request.ts";

/** Asks the one use case that spends, on behalf of the tenant; until `admission` it only looks things up. */
export const answerCall = (ports: AnswerPorts & PoolSettings) =>
  async function answerCall(
    asked: Omit<Asked, "rates">,
    admitting: Pick<Ask, "admission" | "alongside">,
  ): Promise<Answer> {
    const { headers, identity, call, requestId, wait, background } = asked;
    const payer = payerOf(identity.tenant, ports.platformDownloadTier);
    const mayRefresh = identity.permissions.includes("refresh");
    const cacheControl = headers.get("cache-control") ?? undefined;
    const isConditional = cacheControl !== undefined && headers.has("if-none-match");
    const demand = demandOf({ cacheControl, isConditional, mayRefresh }, ports.clock());
    const ask = { call, payer, demand, priority: "interactive", requestId, wait, background } as const;
    return answer(ports, { ...ask, ...admitting });
  };
