import { answerKey } from "../core/answer-key.ts";
import type { Call } from "../core/catalogue.ts";
import type { Stored } from "../core/entry.ts";
import type { Background, UpstreamKeyRef, WaitBudget } from "../core/ports.ts";
import { fetchPaid, type Fetched, type PaidPorts } from "./fetch-paid.ts";
import { lookUp, type LookUpPorts, type Tier } from "./look-up.ts";

/** Who pays for a dispatch, and whose answers it may read and write. */
export type Payer = {
  readonly tenantId: string;
  /** `pool:<region>` or `tenant:<id>`. */
  readonly scope: string;
  /** What the upstream key may see: part of the cache key where bodies carry media URLs. */
  readonly tier: "download" | "standard";
  readonly upstreamKey: UpstreamKeyRef;
};

export type Ask = {
  readonly call: Call;
  readonly payer: Payer;
  readonly requestId: string;
  readonly wait: WaitBudget;
  readonly background: Background;
};

export type Answer =
  /** From a cache. `outage`: Redis did not answer, and the isolate's copy is past the time it would be trusted for otherwise. */
  | { readonly kind: "hit"; readonly stored: Stored; readonly tier: Tier; readonly outage: boolean }
  | ({ readonly kind: "fetched" } & Fetched)
  /** Nothing was dispatched and nothing charged. */
  | { readonly kind: "refused"; readonly because: Refusal };

export type Refusal = "answers-unavailable" | "ledger-unavailable" | "upstream-key-unavailable";

export type AnswerPorts = LookUpPorts & PaidPorts & { readonly namespaceVersion: string };

/**
 * The one use case that spends: look up, reserve, dispatch, settle and store. Whoever asks (a tenant's request today) asks here, so a
 * credit has one path. Fails closed: without the caches or the ledger nothing is dispatched, since a credit could be spent twice.
 */
export async function answer(ports: AnswerPorts, ask: Ask): Promise<Answer> {
  const { call, payer } = ask;
  const key = answerKey({ call, scope: payer.scope, tier: payer.tier, namespaceVersion: ports.namespaceVersion });
  const found = await lookUp(ports, { key, ask });
  switch (found.kind) {
    case "hit":
      return found;
    case "unavailable":
      return { kind: "refused", because: "answers-unavailable" };
    case "miss":
      return fetchPaid(ports, { key, ask });
    default:
      return found satisfies never;
  }
}
