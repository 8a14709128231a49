import { CLOCKS_DIFFER_MS } from "../core/changes.ts";
import type { Confirm } from "../core/control-ports.ts";
import type {
  AbsentKey,
  Alongside,
  Background,
  KeyDirectory,
  KeyLookup,
  KeyMemory,
  KeyRecordCache,
  WaitBudget,
} from "../core/ports.ts";
import type { KeyRecord } from "../core/tenant.ts";

export type FindKeyPorts = {
  readonly confirm: Pick<Confirm, "refresh" | "vouchesFor">;
  readonly keyMemory: KeyMemory;
  readonly keyRecords: KeyRecordCache;
  readonly keyDirectory: Pick<KeyDirectory, "find">;
  readonly clock: () => number;
  /** How long a record counts after Postgres was read, or the log of changes last spoke for it, milliseconds: the bound on revocation. */
  readonly keyFreshMs: number;
  /** How long it counts after Postgres was read while Postgres does not answer. */
  readonly keyOutageMs: number;
};

/** `limited`: nobody has seen the key, and the client may not have us ask for more of those. */
export type FoundKey = KeyLookup | { readonly kind: "limited" };

/**
 * `held` is what the isolate remembers where that is good as it is, and nobody has to be asked. `remembered` is undefined when the isolate remembers
 * nothing fit, or when there is nothing to wait for. `found` asks, once: what it would ask of Redis is told to it where another question goes
 * there first and takes `alongside` with it.
 */
type SoughtKey = {
  readonly held?: KeyRecord;
  readonly remembered: KeyRecord | undefined;
  readonly alongside: readonly Alongside[];
  readonly found: () => Promise<FoundKey>;
};

type Sought = {
  readonly keyId: string;
  readonly wait: WaitBudget;
  readonly background: Background;
  /** Whether the client's address may still ask Postgres about keys that nobody has seen. */
  readonly allowed: () => Promise<boolean>;
};

/**
 * The isolate's memory, then Redis, then Postgres, by what the log of changes says of each. Fails closed: a record that nothing vouches
 * for counts only while Postgres does not answer, one that was changed since it was read never, and a key that nobody remembers is not
 * let in. While the log has to be waited for, there is what the isolate remembers, if that was good when it was last used.
 */
export function findKey(ports: FindKeyPorts, sought: Sought): SoughtKey {
  const reading = ports.confirm.refresh(sought.wait, sought.background);
  const memory = ports.keyMemory.get(sought.keyId);
  const kept = memory === undefined || memory.kind === "absent" ? undefined : memory;
  const trust = kept === undefined ? "none" : trustIn(ports, kept);
  if (reading === undefined) {
    const unheard = { remembered: undefined, alongside: [], found: () => findByLog(ports, sought, undefined) };
    if (kept === undefined || trust !== "good") return unheard;
    renewed(ports, kept, sought.background);
    return { ...unheard, held: kept };
  }
  const remembered = trust === "none" ? undefined : kept;
  // Of a gap nobody knows what it hid: then Redis' record will be asked for, unless the isolate's own is young.
  const isWanted = reading.isAfterGap && remembered !== undefined && !isYoung(ports, remembered);
  const record = isWanted ? ports.keyRecords.alongside(sought.keyId) : undefined;
  const also = record === undefined ? [] : [record];
  const found = async () => {
    await reading.done(also);
    return findByLog(ports, sought, record?.told());
  };
  return { remembered, alongside: [reading.alongside, ...also], found };
}

function isYoung({ clock, keyFreshMs }: FindKeyPorts, { readAtMs }: KeyRecord): boolean {
  return clock() - readAtMs < keyFreshMs;
}

async function findByLog(ports: FindKeyPorts, sought: Sought, told: KeyLookup | undefined): Promise<FoundKey> {
  const { keyMemory, keyRecords } = ports;
  const { keyId, wait, background } = sought;
  const memory = keyMemory.get(keyId);
  if (memory?.kind === "absent" && !isOutdated(ports, keyId, memory)) return { kind: "absent" };
  const kept = memory?.kind === "absent" ? undefined : memory;
  if (kept !== undefined && trustIn(ports, kept) === "good") return renewed(ports, kept, background);

  const shared = told ?? (await wait.within(() => keyRecords.get(keyId), { kind: "unavailable" } as const));
  const known = newest(kept, shared);
  const trust = known === undefined ? "none" : trustIn(ports, known);
  if (known !== undefined && trust === "good") {
    keyMemory.put(known);
    return renewed(ports, known, background);
  }
  if (known === undefined && !(await sought.allowed())) return { kind: "limited" };

  const looked = await readAgain(ports, keyId, background);
  if (looked.kind === "unavailable" && known !== undefined && trust === "outage") return remembered(ports, known);
  return looked;
}

/** Whether the id became a key after Postgres said that it is none. */
function isOutdated({ confirm }: FindKeyPorts, keyId: string, { readAtMs }: AbsentKey): boolean {
  return confirm.vouchesFor({ keyId, tenantId: "", readAtMs }).kind === "changed";
}

/**
 * `outage`: good enough while Postgres does not answer. A record from the future was read by an isolate whose clock is ahead: how old it
 * is nobody knows, so it is not trusted.
 */
function trustIn(
  { confirm, clock, keyFreshMs, keyOutageMs }: FindKeyPorts,
  { keyId, tenant, readAtMs }: KeyRecord,
): "good" | "outage" | "none" {
  const verdict = confirm.vouchesFor({ keyId, tenantId: tenant.id, readAtMs });
  const nowMs = clock();
  const ageMs = nowMs - readAtMs;
  if (verdict.kind === "changed" || ageMs <= -CLOCKS_DIFFER_MS || ageMs >= keyOutageMs) return "none";
  const trueAtMs = verdict.kind === "confirmed" ? Math.max(readAtMs, verdict.atMs) : readAtMs;
  return nowMs - trueAtMs < keyFreshMs ? "good" : "outage";
}

/** The log may vouch for a record for ever. It is read again all the same, so that an outage of Postgres finds it with time left. */
function renewed(ports: FindKeyPorts, record: KeyRecord, background: Background): KeyLookup {
  const { keyMemory, clock, keyOutageMs } = ports;
  const isAgeing = clock() - record.readAtMs >= keyOutageMs / 2;
  if (isAgeing && keyMemory.mayRenew(record.keyId)) background(readAgain(ports, record.keyId, background));
  return { kind: "found", record };
}

async function readAgain(ports: FindKeyPorts, keyId: string, background: Background): Promise<KeyLookup> {
  const { keyMemory, keyRecords, keyDirectory, clock } = ports;
  const readAtMs = clock();
  const looked = await keyDirectory.find(keyId);
  if (looked.kind === "found") {
    background(keyRecords.put(looked.record));
    return remembered(ports, looked.record);
  }
  if (looked.kind === "absent") {
    keyMemory.putAbsent(keyId, readAtMs);
    // Else an outage of Postgres would bring a deleted key back.
    background(keyRecords.drop(keyId));
  }
  return looked;
}

function newest(kept: KeyRecord | undefined, shared: KeyLookup): KeyRecord | undefined {
  if (shared.kind !== "found") return kept;
  return kept !== undefined && kept.readAtMs >= shared.record.readAtMs ? kept : shared.record;
}

function remembered({ keyMemory }: FindKeyPorts, record: KeyRecord): KeyLookup {
  keyMemory.put(record);
  return { kind: "found", record };
}
