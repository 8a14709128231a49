import type { KeyDirectory } from "../../src/core/ports.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";

/** A key directory in memory that passes the contract of the real one. */
export function memoryKeyDirectory(records: readonly Omit<KeyRecord, "readAtMs">[], clock: () => number): KeyDirectory {
  return {
    async find(keyId) {
      const record = records.find((known) => known.keyId === keyId);
      return record === undefined ? { kind: "absent" } : { kind: "found", record: { ...record, readAtMs: clock() } };
    },
    async knowsOrigin(origin) {
      const nowMs = clock();
      const isGood = ({ kind, revokedAtMs, expiresAtMs }: Omit<KeyRecord, "readAtMs">) =>
        kind === "publishable" && (revokedAtMs ?? Infinity) > nowMs && (expiresAtMs ?? Infinity) > nowMs;
      return records.some((known) => isGood(known) && known.origins.includes(origin)) ? "known" : "unknown";
    },
  };
}
