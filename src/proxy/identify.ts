import { clientAddress } from "../core/address-group.ts";
import { digestApiKey, parseApiKey, presentedCredential, sameDigest, type ParsedKey } from "../core/api-key.ts";
import type { GatewayKeys, IdentifyKey } from "../core/control-ports.ts";
import { isTrialOver, rightsOf, servesOrigin, utcDay } from "../core/key-rights.ts";
import type { AddressLimiter, Background, Log } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import { recentlyMade } from "../core/recent.ts";
import type { KeyRecord } from "../core/tenant.ts";
import { findKey, type FindKeyPorts } from "./find-key.ts";
import type { Identity, ProxyRequest } from "./request.ts";

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
  return async function identify(request: ProxyRequest, sharePage: (pageOrigin: string) => void): Promise<Identity> {
    const { headers, wait, background } = request;
    const text = presentedCredential(headers) ?? "";
    const record = await recordOf({ text, wait, background, address: () => clientAddress(headers) });
    const { keyId, tenant } = record;
    // First, so that a page of the key's origin can read why it is refused.
    if (record.kind === "publishable") sharePage(pageOriginOf(headers, record));
    if (tenant.status === "suspended") throw problems.tenantSuspended();
    if (isTrialOver(tenant, ports.clock())) throw problems.trialEnded();
    const rights = rightsOf(record);
    if (!rights.permissions.includes("data")) throw problems.forbidden("This key may not read data.");
    return { keyId, tenant, ...rights };
  };
};

/** Digests of so many genuine keys are remembered, by the text that was presented. */
const REMEMBERED = { most: 2_000, longest: 128 };

/** The digest of a presented text under one of the peppers. */
type Digested = { readonly digest: string; readonly pepperVersion: number };

/**
 * Checks a presented key. All kinds of wrong keys get one refusal, so that nobody learns which part was right. Digests of genuine keys are
 * remembered, in the isolate's memory alone; what they are compared with is the record of the moment.
 */
export const identifyKey = (ports: IdentifyPorts): IdentifyKey => {
  const genuine = recentlyMade<ParsedKey & Digested>(REMEMBERED);
  return async function identifyKey({ text, wait, background, address }) {
    const allowed = () => ports.unidentified.allows(address());
    const known = genuine.get(text);
    const parsed = known ?? parseApiKey(text);
    if (parsed === undefined) return refuse(allowed);
    const found = await findKey(ports, { keyId: parsed.keyId, wait, background, allowed });
    switch (found.kind) {
      case "found": {
        const { record } = found;
        const isKnown = known !== undefined && known.pepperVersion === record.pepperVersion;
        const digested = isKnown ? known : await digestOf(ports, text, record);
        if (parsed.kind !== record.kind || !isGenuine(ports, digested, record)) return refuse(allowed);
        if (!isKnown) genuine.put(text, { ...parsed, ...digested });
        noteUse(ports, record, background);
        return record;
      }
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
};

/** Under the pepper of the record; an empty digest, which no key has, where that pepper is not configured any more. */
async function digestOf({ peppers }: IdentifyPorts, text: string, { pepperVersion }: KeyRecord): Promise<Digested> {
  const pepper = (await peppers()).get(pepperVersion);
  return { digest: pepper === undefined ? "" : await digestApiKey(text, pepper), pepperVersion };
}

function isGenuine({ clock }: IdentifyPorts, { digest }: Digested, record: KeyRecord): boolean {
  if (digest === "" || !sameDigest(digest, record.digest)) return false;
  const nowMs = clock();
  return (record.revokedAtMs ?? Infinity) > nowMs && (record.expiresAtMs ?? Infinity) > nowMs;
}

async function refuse(allowed: () => Promise<boolean>): Promise<never> {
  if (!(await allowed())) throw problems.tooManyUnidentified();
  throw problems.unauthorized();
}

/** A page of any other origin has copied the key. */
function pageOriginOf(headers: Headers, record: KeyRecord): string {
  const origin = headers.get("origin") ?? undefined;
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
