import { expect, it } from "vitest";
import { controlPlane, TENANT } from "../support/control-plane.ts";

it.each([
  { method: "DELETE", path: "/v1/keys/abcdefghijkl" },
  { method: "POST", path: "/v1/keys/abcdefghijkl/rotate" },
])(
  "$method $path of a key that is not the tenant's tells no isolate: else anybody could have everybody's records read anew",
  async ({ method, path }) => {
    const told: unknown[] = [];
    const ask = controlPlane({
      gatewayKeys: { find: async () => undefined },
      changes: { publish: async (changes: unknown) => void told.push(changes) },
      controlQueue: { send: async (messages: unknown) => void told.push(messages) },
    });
    expect((await ask(method, path, { tenant: TENANT, body: {} })).status).toBe(404);
    expect(told).toEqual([]);
  },
);
