import { expect, it } from "vitest";
import { controlPlane, TENANT } from "../support/control-plane.ts";

it.each([
  { method: "PUT", body: { role: "owner" } },
  { method: "DELETE", body: {} },
])(
  "$method of a person is a conflict without an identity provider: once there is one it would be somebody else",
  async (asked) => {
    const ask = controlPlane({ identityIssuer: "", users: {} });
    const { status, body } = await ask(asked.method, "/v1/users/ann", { tenant: TENANT, body: asked.body });
    expect([status, body["detail"]]).toEqual([409, "No identity provider is configured: set OIDC_ISSUER."]);
  },
);
