import type { Answer } from "../answer/answer.ts";
import type { Call } from "../core/catalogue.ts";
import type { Rights } from "../core/key-rights.ts";
import type { Rate, WaitBudget } from "../core/ports.ts";
import type { Tenant } from "../core/tenant.ts";

/** Who is asking: a tenant, by one of its gateway keys, with what the key may do. */
export type Identity = Rights & { readonly keyId: string; readonly tenant: Tenant };

/** What the steps of a request hand on, each set by the step that decides it. */
export type ProxyEnv = {
  Variables: {
    /** Ours, never the client's: it groups the dispatches of a request in the books. */
    requestId: string;
    wait: WaitBudget;
    /** The web origin whose page may read the response, once a publishable key has said so. */
    pageOrigin: string | undefined;
    identity: Identity;
    call: Call;
    rates: readonly Rate[];
    answer: Answer;
  };
};
