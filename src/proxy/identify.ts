import { clientAddress } from "../core/address-group.ts";
import { presentedCredential } from "../core/api-key.ts";
import type { IdentifyKey } from "../core/control-ports.ts";
import { isTrialOver, rightsOf, servesOrigin } from "../core/key-rights.ts";
import type { Alongside } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import type { KeyRecord } from "../core/tenant.ts";
import { keyReader, type ReadKeyPorts } from "./read-key.ts";
import type { Identity, ProxyRequest } from "./request.ts";

/**
 * Who is asking. With `confirmed` it is what was remembered of the key, and what it is by now has to be asked for, once; a look-up in Redis may
 * take that question `alongside`.
 */
export type Identified = {
  readonly identity: Identity;
  readonly alongside: readonly Alongside[];
  readonly confirmed: (() => Promise<Identity>) | undefined;
};

/** For who has to know for certain before anything is done, as the control plane. */
export const identifyKey = (ports: ReadKeyPorts): IdentifyKey => {
  const readKey = keyReader(ports);
  return async (presented) => readKey(presented).confirmed();
};

/**
 * Finds out who is asking, and whether their key may ask for data at all. Fails closed: a key that cannot be checked is refused, with 503
 * when it was us who could not check it.
 */
export const identify = (ports: ReadKeyPorts) => {
  const readKey = keyReader(ports);
  return async function identify(request: ProxyRequest, sharePage: (pageOrigin: string) => void): Promise<Identified> {
    const { headers, wait, background } = request;
    const text = presentedCredential(headers) ?? "";
    const presented = { text, wait, background, address: () => clientAddress(headers) };
    const admitted = (record: KeyRecord): Identity => {
      // First, so that a page of the key's origin can read why it is refused.
      if (record.kind === "publishable") sharePage(pageOriginOf(headers, record));
      return identityOf(record, ports.clock());
    };
    const { held, remembered, alongside, confirmed } = readKey(presented);
    if (held !== undefined) return { identity: admitted(held), alongside: [], confirmed: undefined };
    const ahead = aheadBy(remembered, ports.clock());
    if (ahead !== undefined) return { identity: ahead, alongside, confirmed: async () => admitted(await confirmed()) };
    return { identity: admitted(await confirmed()), alongside: [], confirmed: undefined };
  };
};

function identityOf(record: KeyRecord, nowMs: number): Identity {
  const { keyId, tenant } = record;
  if (tenant.status === "suspended") throw problems.tenantSuspended();
  if (isTrialOver(tenant, nowMs)) throw problems.trialEnded();
  const rights = rightsOf(record);
  if (!rights.permissions.includes("data")) throw problems.forbidden("This key may not read data.");
  return { keyId, tenant, readAtMs: record.readAtMs, ...rights };
}

/** Whoever would be refused by what is remembered, and every page, waits for the newest word first. */
function aheadBy(record: KeyRecord | undefined, nowMs: number): Identity | undefined {
  if (record?.kind !== "secret" || record.tenant.status !== "active" || isTrialOver(record.tenant, nowMs))
    return undefined;
  return rightsOf(record).permissions.includes("data") ? identityOf(record, nowMs) : undefined;
}

/** A page of any other origin has copied the key. */
function pageOriginOf(headers: Headers, record: KeyRecord): string {
  const origin = headers.get("origin") ?? undefined;
  if (!servesOrigin(record, origin)) throw problems.originNotAllowed();
  return origin;
}
