import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll } from "vitest";
import { storeKey } from "./cast.ts";
import { control } from "./control.ts";
import { startGateway, startStack, type Gateway, type Stack } from "./gateway.ts";
import { AUDIENCE, startIssuer } from "./issuer.ts";
import { expectNoSecrets } from "./no-secrets.ts";
import { upstreamControl, type UpstreamControl } from "./upstream-control.ts";
import { startReceiver } from "./webhook-receiver.ts";

/** What fails is tried again soon, and parts that failed are asked again at once. */
const HURRIED = {
  UPSTREAM_DEADLINE_MS: "500",
  KEY_FRESH_MS: "200",
  CONFIRM_MS: "100",
  CONFIRM_AFTER_MS: "50",
  CHECK_KEY_MS: "200",
  DATABASE_REST_MS: "0",
  REDIS_REST_MS: "0",
  OIDC_REST_MS: "0",
  HITS_FLUSH_COUNT: "1",
  WEBHOOK_RETRY_MS: "100",
  WEBHOOK_ATTEMPTS: "2",
};

export type Secretive = {
  readonly stack: Stack;
  readonly gateway: Gateway;
  readonly upstream: UpstreamControl;
  readonly issuer: Awaited<ReturnType<typeof startIssuer>>;
  readonly receiver: Awaited<ReturnType<typeof startReceiver>>;
  readonly operator: ReturnType<typeof control>;
};

/**
 * A Worker with every kind of secret that there is: two wrapping keys, an identity provider, receivers of webhooks. After each test they
 * are searched for, because what is in Redis ends by itself.
 */
export function useSecrets(): () => Secretive {
  let running: Secretive | undefined;
  beforeAll(async () => {
    const [stack, issuer, receiver] = await Promise.all([startStack(), startIssuer(), startReceiver()]);
    const gateway = await startGateway(stack, {
      ...HURRIED,
      KEY_ENCRYPTION_KEYS: `${stack.settings["KEY_ENCRYPTION_KEYS"]},2:${randomBytes(32).toString("base64")}`,
      OIDC_ISSUER: issuer.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_JWKS_URL: issuer.jwksUrl,
    });
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    running = { stack, gateway, upstream: upstreamControl(stack.upstream.url), issuer, receiver, operator };
  });
  const using = () => {
    if (running === undefined) throw new Error("secrets are used outside a test");
    return running;
  };
  afterEach(() => expectNoSecrets(using().stack));
  afterAll(async () => {
    if (running === undefined) return;
    const { stack, gateway, issuer, receiver } = running;
    await gateway.close();
    await Promise.all([issuer.close(), receiver.close()]);
    await stack.close();
  });
  return using;
}

/** A tenant that may bring an upstream key, with a gateway key that may do everything. */
export async function newOwner({ stack, gateway, operator }: Secretive) {
  const { body } = await operator.post("/v1/tenants", { body: { name: "Owner", plan: "pro" } });
  const id = String(body["id"]);
  const apiKey = await storeKey(stack, { tenantId: id, permissions: ["data", "refresh", "manage"] });
  const api = control(gateway, apiKey);
  const ask = () => gateway.get(`/userid/?username=u${randomBytes(4).toString("hex")}`, { key: apiKey });
  return { id, apiKey, api, ask, bring: (key: string) => api.put("/v1/upstream-key", { body: { key } }) };
}

/** An upstream key that works, and looks as they do. */
export async function boughtKey({ upstream }: Secretive): Promise<string> {
  const key = randomBytes(16).toString("hex");
  await upstream.setKey({ key, state: "active", credits: null, downloadTier: true });
  return key;
}
