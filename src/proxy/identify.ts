import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { addressGroup } from "../core/address-group.ts";
import { digestApiKey, parseApiKey, sameDigest } from "../core/api-key.ts";
import { problems } from "../core/problem.ts";
import type { AddressLimiter } from "../core/ports.ts";
import type { KeyRecord } from "../core/tenant.ts";
import { findKey, type FindKeyPorts } from "./find-key.ts";
import type { ProxyEnv } from "./request.ts";

export type IdentifyPorts = FindKeyPorts & {
  readonly peppers: () => Promise<ReadonlyMap<number, CryptoKey>>;
  readonly unidentified: AddressLimiter;
};

/**
 * Finds out who is asking. Fails closed: a key that cannot be checked is refused, with 503 when it was us who could not check it. All
 * kinds of wrong keys get one body, so that nobody learns which part was right.
 */
export const identify = (ports: IdentifyPorts) =>
  createMiddleware<ProxyEnv>(async function identify(c, next) {
    const record = await recordOf(ports, c);
    const { tenant, keyId, permissions } = record;
    if (tenant.status === "suspended") throw problems.tenantSuspended();
    if (!permissions.includes("data")) throw problems.forbidden("This key may not read data.");
    c.set("identity", { keyId, tenant, permissions });
    return next();
  });

async function recordOf(ports: IdentifyPorts, c: Context<ProxyEnv>): Promise<KeyRecord> {
  const text = presentedKey(c.req.raw.headers);
  const keyId = text === undefined ? undefined : parseApiKey(text)?.keyId;
  if (text === undefined || keyId === undefined) return refuse(ports, c);

  const allowed = () => ports.unidentified.allows(addressOf(c));
  const background = (promise: Promise<unknown>) => c.executionCtx.waitUntil(promise);
  const found = await findKey(ports, { keyId, wait: c.var.wait, background, allowed });
  switch (found.kind) {
    case "found":
      return (await isGenuine(ports, text, found.record)) ? found.record : refuse(ports, c);
    case "absent":
      throw problems.unauthorized();
    case "limited":
      throw problems.tooManyUnidentified();
    case "unavailable":
      throw problems.identityUnavailable();
    default:
      return found satisfies never;
  }
}

/** The key of `X-Api-Key` or of `Authorization: Bearer`; nothing when there is none or both. A repeated field is one text with a comma. */
function presentedKey(headers: Headers): string | undefined {
  const apiKey = headers.get("x-api-key");
  const authorization = headers.get("authorization");
  if (apiKey !== null && authorization !== null) return undefined;
  if (apiKey !== null) return apiKey;
  return authorization === null ? undefined : /^bearer ([^ ]+)$/i.exec(authorization)?.[1];
}

async function isGenuine({ peppers, clock }: IdentifyPorts, text: string, record: KeyRecord): Promise<boolean> {
  const pepper = (await peppers()).get(record.pepperVersion);
  if (pepper === undefined || !sameDigest(await digestApiKey(text, pepper), record.digest)) return false;
  const nowMs = clock();
  return (record.revokedAtMs ?? Infinity) > nowMs && (record.expiresAtMs ?? Infinity) > nowMs;
}

async function refuse({ unidentified }: IdentifyPorts, c: Context<ProxyEnv>): Promise<never> {
  if (!(await unidentified.allows(addressOf(c)))) throw problems.tooManyUnidentified();
  throw problems.unauthorized();
}

function addressOf(c: Context<ProxyEnv>): string {
  return addressGroup(c.req.header("cf-connecting-ip") ?? "unknown");
}
