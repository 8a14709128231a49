import type { Actor, Idempotency } from "../core/act.ts";
import type { Rights } from "../core/key-rights.ts";
import type { WaitBudget } from "../core/ports.ts";
import type { Role } from "../core/roles.ts";

/** Who calls, before it is known whether they may. */
export type Caller =
  | { readonly kind: "operator" }
  | {
      readonly kind: "key";
      readonly keyId: string;
      readonly tenantId: string;
      readonly role: Role;
      /** What it may do on the data plane. */
      readonly rights: Rights;
    }
  /** A person; in which tenant they may do what is looked up when the tenant is known. */
  | { readonly kind: "person"; readonly userId: string; readonly subject: string };

/** What the steps of a control-plane request hand on, each set by the step that decides it. */
export type AdminEnv = {
  Variables: {
    requestId: string;
    wait: WaitBudget;
    bodyText: string;
    /** What the body says as JSON; undefined without one. */
    body: unknown;
    caller: Caller;
    /** Who acts, for the audit log. */
    actor: Actor;
    /** Whose things these are: a tenant's id, or `PLATFORM`. */
    tenantId: string;
    /** Set when the request carries an `Idempotency-Key`. */
    idempotency: Omit<Idempotency, "status"> | undefined;
  };
};
