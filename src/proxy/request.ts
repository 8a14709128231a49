import type { Call } from "../core/catalogue.ts";
import type { Rights } from "../core/key-rights.ts";
import type { Background, Rate, WaitBudget } from "../core/ports.ts";
import type { Tenant } from "../core/tenant.ts";

/** Who is asking: a tenant, by one of its gateway keys, with what the key may do. */
export type Identity = Rights & {
  readonly keyId: string;
  readonly tenant: Tenant;
  /** When Postgres said all this, Unix milliseconds. */
  readonly readAtMs: number;
};

/** What came in, as every step needs it. */
export type ProxyRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** Ours, never the client's: it groups the dispatches of a request in the books. */
  readonly requestId: string;
  /** Unix milliseconds by the isolate's clock. */
  readonly beganMs: number;
  readonly wait: WaitBudget;
  readonly background: Background;
};

/** A request of which it is known whose it is, what it asks for, and that it may. */
export type Asked = ProxyRequest & {
  readonly identity: Identity;
  readonly call: Call;
  readonly rates: readonly Rate[];
};

/** What `on-error.ts` has to know of a request that was refused on its way. */
export type ProxyEnv = {
  Variables: {
    requestId: string;
    /** For the steps of the control plane. */
    wait: WaitBudget;
    /** The web origin whose page may read the response, once a publishable key has said so. */
    pageOrigin: string | undefined;
  };
};
