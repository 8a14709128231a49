import type { Answer } from "../answer/answer.ts";
import type { Call } from "../core/catalogue.ts";
import type { RateDecision, WaitBudget } from "../core/ports.ts";
import type { Permission, Tenant } from "../core/tenant.ts";

/** Who is asking: a tenant, by one of its gateway keys. */
export type Identity = { readonly keyId: string; readonly tenant: Tenant; readonly permissions: readonly Permission[] };

/** What the steps of a request hand on, each set by the step that decides it. */
export type ProxyEnv = {
  Variables: {
    /** Ours, never the client's: it groups the dispatches of a request in the books. */
    requestId: string;
    wait: WaitBudget;
    identity: Identity;
    call: Call;
    rate: RateDecision;
    answer: Answer;
  };
};
