import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { PLATFORM, type Actor } from "../core/act.ts";
import type { Tenants, Users } from "../core/control-ports.ts";
import { problems } from "../core/problem.ts";
import { mayDo, ruleOf, type OperationId, type Role } from "../core/roles.ts";
import { isUuid } from "../core/uuid7.ts";
import { described, type Description } from "./describe.ts";
import type { AdminEnv, Caller } from "./request.ts";

export type AuthorizePorts = { readonly users: Users; readonly tenants: Tenants };

/** Where the operator and people say which tenant they mean. */
const TENANT_HEADER = "tikedge-tenant";

const FORBIDDEN = "This credential may not do this.";

type Standing = { readonly role: Role; readonly actor: Actor; readonly tenantId: string };

/**
 * Lets in who may do this operation, and sets whose things it is about. Fails closed: what the table of `core/roles.ts` does not allow is
 * refused. A tenant that is not there and one that is none of the caller's get one answer.
 */
export const authorize = (ports: AuthorizePorts) => (operation: OperationId, description: Description) => {
  const middleware = createMiddleware<AdminEnv>(async function authorize(c, next) {
    const { role, actor, tenantId } = await standingOf(ports, c, operation);
    if (!mayDo(role, operation)) throw problems.forbidden(FORBIDDEN);
    c.set("actor", actor);
    c.set("tenantId", tenantId);
    return next();
  });
  return described(middleware, { ...description, operation });
};

async function standingOf(ports: AuthorizePorts, c: Context<AdminEnv>, operation: OperationId): Promise<Standing> {
  const { caller } = c.var;
  const named = namedTenant(c);
  switch (caller.kind) {
    case "operator":
      return {
        role: "operator",
        actor: { kind: "operator" },
        tenantId: await operatorsTenant(ports, operation, named),
      };
    case "key":
      if (named !== undefined) throw problems.tenantOfKey();
      return { role: caller.role, actor: { kind: "key", keyId: caller.keyId }, tenantId: caller.tenantId };
    case "person":
      // Before the tenant is asked for: naming one would not help.
      if (ruleOf(operation).scope === "platform") throw problems.forbidden(FORBIDDEN);
      return personsStanding(ports, caller, named);
    default:
      return caller satisfies never;
  }
}

function namedTenant(c: Context<AdminEnv>): string | undefined {
  const named = c.req.header(TENANT_HEADER);
  if (named === undefined) return undefined;
  if (isUuid(named) && named !== PLATFORM) return named;
  throw problems.invalidParameters([{ name: "Tikedge-Tenant", reason: "is not a UUID in lower case" }]);
}

async function operatorsTenant(
  { tenants }: AuthorizePorts,
  operation: OperationId,
  named: string | undefined,
): Promise<string> {
  const { scope, ofDeleted } = ruleOf(operation);
  if (scope === "platform" || (scope === "either" && named === undefined)) return PLATFORM;
  if (named === undefined) throw problems.tenantRequired();
  const isThere = ofDeleted ? await tenants.wasThere(named) : (await tenants.find(named)) !== undefined;
  if (!isThere) throw problems.notFound();
  return named;
}

async function personsStanding(
  { users }: AuthorizePorts,
  { userId }: Extract<Caller, { kind: "person" }>,
  named: string | undefined,
): Promise<Standing> {
  if (named === undefined) throw problems.tenantRequired();
  const membership = await users.membership(named, userId);
  if (membership === undefined) throw problems.notFound();
  if (membership.status === "suspended") throw problems.tenantSuspended();
  const { role } = membership;
  return { role, actor: { kind: "user", userId, role }, tenantId: named };
}
