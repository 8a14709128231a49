import { LRUCache } from "lru-cache";
import type { AbsentKey, KeyMemory, OriginMemory } from "../core/ports.ts";
import type { KeyRecord } from "../core/tenant.ts";

const MOST_RECORDS = 5_000;
const MOST_ABSENT = 5_000;
/** A reading that failed is not repeated by each request. */
const RENEW_AGAIN_MS = 1_000;
const MOST_ORIGINS = 1_000;

/** Key records in the isolate, bounded by number; ids that Postgres does not know for `absentMs`, so that guessing costs us nothing. */
export function memoryKeyRecords(absentMs: number, clock: () => number): KeyMemory {
  const records = new LRUCache<string, KeyRecord>({ max: MOST_RECORDS });
  const absent = new LRUCache<string, AbsentKey>({ max: MOST_ABSENT });
  const renewedAtMs = new LRUCache<string, number>({ max: MOST_RECORDS });
  const lastUses = new LRUCache<string, string>({ max: MOST_RECORDS });
  return {
    get(keyId) {
      const record = records.get(keyId);
      if (record !== undefined) return record;
      const known = absent.get(keyId);
      return known !== undefined && clock() - known.readAtMs < absentMs ? known : undefined;
    },
    put: (record) => void records.set(record.keyId, record),
    mayRenew(keyId) {
      if (clock() - (renewedAtMs.get(keyId) ?? -Infinity) < RENEW_AGAIN_MS) return false;
      renewedAtMs.set(keyId, clock());
      return true;
    },
    putAbsent(keyId, readAtMs) {
      records.delete(keyId);
      absent.set(keyId, { kind: "absent", readAtMs });
    },
    isFirstUse(keyId, day) {
      if (lastUses.get(keyId) === day) return false;
      lastUses.set(keyId, day);
      return true;
    },
  };
}

export type OriginTimes = {
  /** How long an origin that a key names is remembered, milliseconds. */
  readonly knownMs: number;
  /** The same for one that none names: shorter, for it may be named at any moment. */
  readonly unknownMs: number;
};

/** Web origins in the isolate, bounded by number: those that no key names can push out others, and cost no more than a look-up then. */
export function memoryOrigins({ knownMs, unknownMs }: OriginTimes, clock: () => number): OriginMemory {
  const origins = new LRUCache<string, { readonly known: boolean; readonly untilMs: number }>({ max: MOST_ORIGINS });
  return {
    knows(origin) {
      const remembered = origins.get(origin);
      return remembered !== undefined && remembered.untilMs > clock() ? remembered.known : undefined;
    },
    put: (origin, known) => void origins.set(origin, { known, untilMs: clock() + (known ? knownMs : unknownMs) }),
  };
}
