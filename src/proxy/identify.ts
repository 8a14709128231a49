import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { clientAddress } from "../core/address-group.ts";
import { digestApiKey, parseApiKey, presentedCredential, sameDigest } from "../core/api-key.ts";
import type { GatewayKeys, IdentifyKey } from "../core/control-ports.ts";
import { isTrialOver, rightsOf, servesOrigin, utcDay } from "../core/key-rights.ts";
import type { AddressLimiter, Background, Log } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import type { KeyRecord } from "../core/tenant.ts";
import { findKey, type FindKeyPorts } from "./find-key.ts";
import type { ProxyEnv } from "./request.ts";

export type IdentifyPorts = FindKeyPorts & {
  readonly peppers: () => Promise<ReadonlyMap<number, CryptoKey>>;
  readonly unidentified: AddressLimiter;
  readonly gatewayKeys: Pick<GatewayKeys, "touch">;
  readonly log: Log;
};

/**
 * Finds out who is asking, and whether their key may ask for data at all. Fails closed: a key that cannot be checked is refused, with 503
 * when it was us who could not check it.
 */
export const identify = (ports: IdentifyPorts) => {
  const recordOf = identifyKey(ports);
  return createMiddleware<ProxyEnv>(async function identify(c, next) {
    const { headers } = c.req.raw;
    const background: Background = (promise) => c.executionCtx.waitUntil(promise);
    const text = presentedCredential(headers) ?? "";
    const record = await recordOf({ text, wait: c.var.wait, background, address: clientAddress(headers) });
    const { keyId, tenant } = record;
    // First, so that a page of the key's origin can read why it is refused.
    if (record.kind === "publishable") c.set("pageOrigin", pageOriginOf(c, record));
    if (tenant.status === "suspended") throw problems.tenantSuspended();
    if (isTrialOver(tenant, ports.clock())) throw problems.trialEnded();
    const rights = rightsOf(record);
    if (!rights.permissions.includes("data")) throw problems.forbidden("This key may not read data.");
    c.set("identity", { keyId, tenant, ...rights });
    return next();
  });
};

/** Checks a presented key. All kinds of wrong keys get one refusal, so that nobody learns which part was right. */
export const identifyKey = (ports: IdentifyPorts): IdentifyKey =>
  async function identifyKey({ text, wait, background, address }) {
    const allowed = () => ports.unidentified.allows(address);
    const parsed = parseApiKey(text);
    if (parsed === undefined) return refuse(allowed);
    const found = await findKey(ports, { keyId: parsed.keyId, wait, background, allowed });
    switch (found.kind) {
      case "found":
        if (parsed.kind !== found.record.kind || !(await isGenuine(ports, text, found.record))) return refuse(allowed);
        noteUse(ports, found.record, background);
        return found.record;
      case "absent":
        throw problems.unauthorized();
      case "limited":
        throw problems.tooManyUnidentified();
      case "unavailable":
        throw problems.identityUnavailable();
      default:
        return found satisfies never;
    }
  };

async function isGenuine({ peppers, clock }: IdentifyPorts, text: string, record: KeyRecord): Promise<boolean> {
  const pepper = (await peppers()).get(record.pepperVersion);
  if (pepper === undefined || !sameDigest(await digestApiKey(text, pepper), record.digest)) return false;
  const nowMs = clock();
  return (record.revokedAtMs ?? Infinity) > nowMs && (record.expiresAtMs ?? Infinity) > nowMs;
}

async function refuse(allowed: () => Promise<boolean>): Promise<never> {
  if (!(await allowed())) throw problems.tooManyUnidentified();
  throw problems.unauthorized();
}

/** A page of any other origin has copied the key. */
function pageOriginOf(c: Context<ProxyEnv>, record: KeyRecord): string {
  const origin = c.req.header("origin");
  if (!servesOrigin(record, origin)) throw problems.originNotAllowed();
  return origin;
}

/**
 * Notes the day of a key's last use behind the response, once a day and isolate. Fails open: the note may be lost, and then the key looks
 * unused for as long as nobody else notes it.
 */
function noteUse(
  { keyMemory, gatewayKeys, clock, log }: IdentifyPorts,
  record: KeyRecord,
  background: Background,
): void {
  const day = utcDay(clock());
  if (record.lastUsedOn === day || !keyMemory.isFirstUse(record.keyId, day)) return;
  background(
    gatewayKeys
      .touch(record.tenant.id, record.keyId, day)
      .catch((error: unknown) => log.error("last-use-not-noted", { error })),
  );
}
