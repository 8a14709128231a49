import { digestApiKey, parseApiKey, sameDigest, type ParsedKey } from "../core/api-key.ts";
import type { GatewayKeys, Presented } from "../core/control-ports.ts";
import { utcDay } from "../core/key-rights.ts";
import type { AddressLimiter, Alongside, Background, Log } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import { recentlyMade } from "../core/recent.ts";
import type { KeyRecord } from "../core/tenant.ts";
import { findKey, type FindKeyPorts, type FoundKey } from "./find-key.ts";

export type ReadKeyPorts = FindKeyPorts & {
  readonly peppers: () => Promise<ReadonlyMap<number, CryptoKey>>;
  readonly unidentified: AddressLimiter;
  readonly gatewayKeys: Pick<GatewayKeys, "touch">;
  readonly log: Log;
};

/**
 * The record of the presented key. `confirmed` asks for the newest word of it and throws the problem that refuses it; a look-up in Redis may take the
 * question `alongside`. `remembered` is what the isolate remembers meanwhile, undefined when there is nothing to wait for: by that things may be
 * looked up, and nothing may be said, served or spent.
 */
export type ReadKey = {
  /** The record, where the isolate knows that it is good, and the key genuine: then there is nothing to ask. */
  readonly held?: KeyRecord;
  readonly remembered: KeyRecord | undefined;
  readonly alongside: readonly Alongside[];
  /** To be called once. */
  readonly confirmed: () => Promise<KeyRecord>;
};

/** Digests of so many genuine keys are remembered, by the text that was presented. */
const REMEMBERED = { most: 2_000, longest: 128 };

/** The digest of a presented text under one of the peppers. */
type Digested = { readonly digest: string; readonly pepperVersion: number };

/**
 * Checks presented keys. All kinds of wrong keys get one refusal, so that nobody learns which part was right. Digests of genuine keys are
 * remembered, in the isolate's memory alone; what they are compared with is the record of the moment.
 */
export function keyReader(ports: ReadKeyPorts): (presented: Presented) => ReadKey {
  const genuine = recentlyMade<ParsedKey & Digested>(REMEMBERED);

  async function check(found: FoundKey, parsed: ParsedKey, presented: Presented): Promise<KeyRecord> {
    switch (found.kind) {
      case "found": {
        const { record } = found;
        const known = digestFor(genuine.get(presented.text), record);
        const digested = known ?? (await digestOf(ports, presented.text, record));
        if (!isGood(ports, { ...parsed, ...digested }, record)) return refuse(ports, presented);
        if (known === undefined) genuine.put(presented.text, { ...parsed, ...digested });
        noteUse(ports, record, presented.background);
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
  }

  const soughtIn = (presented: Presented, { keyId }: ParsedKey) => ({
    ...presented,
    keyId,
    allowed: () => ports.unidentified.allows(presented.address()),
  });

  return function readKey(presented) {
    const known = genuine.get(presented.text);
    const parsed = known ?? parseApiKey(presented.text);
    if (parsed === undefined)
      return { remembered: undefined, alongside: [], confirmed: () => refuse(ports, presented) };
    const { held, remembered, alongside, found } = findKey(ports, soughtIn(presented, parsed));
    const isHeld = held !== undefined && known !== undefined && isGoodUnder(ports, known, held);
    if (isHeld) noteUse(ports, held, presented.background);
    return {
      ...(isHeld ? { held } : {}),
      alongside,
      remembered: remembered && known && isGoodUnder(ports, known, remembered) ? remembered : undefined,
      confirmed: async () => check(await found(), parsed, presented),
    };
  };
}

/** What is remembered counts under the pepper that the record was made with. */
function digestFor(known: (ParsedKey & Digested) | undefined, { pepperVersion }: KeyRecord): Digested | undefined {
  return known?.pepperVersion === pepperVersion ? known : undefined;
}

function isGoodUnder(ports: ReadKeyPorts, known: ParsedKey & Digested, record: KeyRecord): boolean {
  return digestFor(known, record) !== undefined && isGood(ports, known, record);
}

/** Under the pepper of the record; an empty digest, which no key has, where that pepper is not configured any more. */
async function digestOf({ peppers }: ReadKeyPorts, text: string, { pepperVersion }: KeyRecord): Promise<Digested> {
  const pepper = (await peppers()).get(pepperVersion);
  return { digest: pepper === undefined ? "" : await digestApiKey(text, pepper), pepperVersion };
}

function isGood({ clock }: ReadKeyPorts, { kind, digest }: ParsedKey & Digested, record: KeyRecord): boolean {
  if (kind !== record.kind || digest === "" || !sameDigest(digest, record.digest)) return false;
  const nowMs = clock();
  return (record.revokedAtMs ?? Infinity) > nowMs && (record.expiresAtMs ?? Infinity) > nowMs;
}

async function refuse({ unidentified }: ReadKeyPorts, { address }: Presented): Promise<never> {
  if (!(await unidentified.allows(address()))) throw problems.tooManyUnidentified();
  throw problems.unauthorized();
}

/**
 * Notes the day of a key's last use behind the response, once a day and isolate. Fails open: the note may be lost, and then the key looks
 * unused for as long as nobody else notes it.
 */
function noteUse(
  { keyMemory, gatewayKeys, clock, log }: ReadKeyPorts,
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
