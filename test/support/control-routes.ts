import { descriptionOf } from "../../src/admin/describe.ts";
import { adminRoute, type AdminPorts } from "../../src/admin/route.ts";
import type { OperationId } from "../../src/core/roles.ts";

export type ControlRoute = {
  readonly method: string;
  /** As the router has it: `/v1/keys/:keyId`. */
  readonly path: string;
  readonly operation: OperationId | "me.get";
};

/** Every route of the control plane with its operation, read from the routes themselves: nothing is called, so no port is needed. */
export function controlRoutes(): readonly ControlRoute[] {
  const nothing = new Proxy({}, { get: () => undefined }) as AdminPorts;
  return adminRoute(nothing).routes.flatMap(({ method, path, handler }) => {
    const operation = descriptionOf(handler)?.operation;
    return operation === undefined ? [] : [{ method, path: `/v1${path}`, operation }];
  });
}
