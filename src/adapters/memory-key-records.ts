import { LRUCache } from "lru-cache";
import type { KeyMemory } from "../core/ports.ts";
import type { KeyRecord } from "../core/tenant.ts";

const MOST_RECORDS = 5_000;
const MOST_ABSENT = 5_000;

/** Key records in the isolate, bounded by number; ids that Postgres does not know for `absentMs`, so that guessing costs us nothing. */
export function memoryKeyRecords(absentMs: number, clock: () => number): KeyMemory {
  const records = new LRUCache<string, KeyRecord>({ max: MOST_RECORDS });
  const absentUntil = new LRUCache<string, number>({ max: MOST_ABSENT });
  return {
    get(keyId) {
      const record = records.get(keyId);
      if (record !== undefined) return record;
      return (absentUntil.get(keyId) ?? 0) > clock() ? "absent" : undefined;
    },
    put: (record) => void records.set(record.keyId, record),
    putAbsent(keyId) {
      records.delete(keyId);
      absentUntil.set(keyId, clock() + absentMs);
    },
  };
}
