import { expect, it } from "vitest";
import { parseKeyRecord } from "../../src/core/key-record.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";

const record: KeyRecord = {
  keyId: "abcdefghijkl",
  digest: "00",
  pepperVersion: 1,
  permissions: ["data"],
  expiresAtMs: null,
  revokedAtMs: null,
  readAtMs: 1_700_000_000_000,
  tenant: {
    id: "00000000-0000-4000-8000-000000000001",
    name: "Acme",
    plan: "free",
    status: "active",
    keyMode: "shared",
    region: "default",
    cacheScope: "pool",
    burst: { capacity: 600, refillPerSecond: 10 },
    upstreamKey: null,
  },
};

it("gives back a record as it was, with the time that Postgres was read", () => {
  expect(parseKeyRecord(JSON.stringify(record))).toEqual(record);
});

it.each([
  { json: "", because: "there is nothing" },
  { json: "{", because: "it is no JSON" },
  {
    json: JSON.stringify({ ...record, permissions: ["everything"] }),
    because: "a permission that we do not know grants nothing",
  },
  { json: JSON.stringify({ ...record, readAtMs: undefined }), because: "without its age it cannot be trusted" },
])("reads nothing from $json: $because", ({ json }) => {
  expect(parseKeyRecord(json)).toBeUndefined();
});
