import type { Background, KeyDirectory, KeyLookup, KeyMemory, KeyRecordCache, WaitBudget } from "../core/ports.ts";
import type { KeyRecord } from "../core/tenant.ts";

export type FindKeyPorts = {
  readonly keyMemory: KeyMemory;
  readonly keyRecords: KeyRecordCache;
  readonly keyDirectory: KeyDirectory;
  readonly clock: () => number;
  /** How old a record may be, counted from Postgres through every layer, milliseconds: the bound on revocation. */
  readonly keyFreshMs: number;
  /** The same while Postgres does not answer. */
  readonly keyOutageMs: number;
};

/** How far the clocks of two isolates may differ, milliseconds. */
const CLOCKS_DIFFER_MS = 1_000;

type Sought = {
  readonly keyId: string;
  readonly wait: WaitBudget;
  readonly background: Background;
  /** Whether the client's address may still ask Postgres about keys that nobody has seen. */
  readonly allowed: () => Promise<boolean>;
};

/**
 * The isolate's memory, then Redis, then Postgres. Fails closed: a record older than `keyFreshMs` counts only while Postgres does not
 * answer, up to `keyOutageMs`, and a key that nobody remembers is never let in.
 */
export async function findKey(ports: FindKeyPorts, sought: Sought): Promise<KeyLookup | { kind: "limited" }> {
  const { keyMemory, keyRecords, keyDirectory } = ports;
  const { keyId, wait, background } = sought;
  const kept = keyMemory.get(keyId);
  if (kept === "absent") return { kind: "absent" };
  if (kept !== undefined && isYounger(ports, kept, ports.keyFreshMs)) return { kind: "found", record: kept };

  const shared = await wait.within(() => keyRecords.get(keyId), { kind: "unavailable" } as const);
  const known = newest(kept, shared);
  if (known !== undefined && isYounger(ports, known, ports.keyFreshMs)) return remembered(ports, known);
  if (known === undefined && !(await sought.allowed())) return { kind: "limited" };

  const looked = await keyDirectory.find(keyId);
  if (looked.kind === "found") background(keyRecords.put(looked.record));
  if (looked.kind === "found") return remembered(ports, looked.record);
  if (looked.kind === "absent") {
    keyMemory.putAbsent(keyId);
    // Else an outage of Postgres would bring a deleted key back.
    background(keyRecords.drop(keyId));
  }
  if (looked.kind === "unavailable" && known !== undefined && isYounger(ports, known, ports.keyOutageMs))
    return remembered(ports, known);
  return looked;
}

/** A record from the future was read by an isolate whose clock is ahead: how old it is nobody knows, so it is not young. */
function isYounger({ clock }: FindKeyPorts, { readAtMs }: KeyRecord, ms: number): boolean {
  const ageMs = clock() - readAtMs;
  return ageMs > -CLOCKS_DIFFER_MS && ageMs < ms;
}

function newest(kept: KeyRecord | undefined, shared: KeyLookup): KeyRecord | undefined {
  if (shared.kind !== "found") return kept;
  return kept !== undefined && kept.readAtMs >= shared.record.readAtMs ? kept : shared.record;
}

function remembered({ keyMemory }: FindKeyPorts, record: KeyRecord): KeyLookup {
  keyMemory.put(record);
  return { kind: "found", record };
}
