import { hc, parseResponse } from "hono/client";
import type { AppType } from "../src/app.ts";

type SignUp = { readonly baseUrl: string; readonly adminToken: string; readonly name: string };

/** Makes a tenant and its first gateway key, which is shown this once. Throws when the gateway refuses. */
export async function signUp({ baseUrl, adminToken, name }: SignUp): Promise<{ tenantId: string; key: string }> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const operator = hc<AppType>(baseUrl, { headers });
  const { id: tenantId } = await parseResponse(operator.v1.tenants.$post({ json: { name, plan: "pro" } }));

  const forTenant = hc<AppType>(baseUrl, { headers: { ...headers, "tikedge-tenant": tenantId } });
  const { key } = await parseResponse(forTenant.v1.keys.$post({ json: { permissions: ["data", "manage"] } }));
  return { tenantId, key };
}
