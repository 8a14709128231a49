import { expect, it } from "vitest";
import { parseKeyRecord } from "../../src/core/tenant.ts";
import { sampleKeyRecord as record } from "../support/sample-key-record.ts";

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
  { json: JSON.stringify({ ...record, kind: undefined }), because: "a key of no kind might be a page's" },
  {
    json: JSON.stringify({ ...record, endpoints: undefined }),
    because: "a list that an older version left out is not the same as none",
  },
  {
    json: JSON.stringify({ ...record, tenant: { ...record.tenant, windows: undefined } }),
    because: "an older version did not read what the tenant tightened",
  },
  {
    json: JSON.stringify({ ...record, tenant: { ...record.tenant, purgedAtMs: undefined } }),
    because: "an older version did not read whether the tenant purged",
  },
  {
    json: JSON.stringify({ ...record, tenant: { ...record.tenant, windows: { moon: { freshMs: 1, staleMs: 1 } } } }),
    because: "a newer version knows another class",
  },
])("reads nothing from $json: $because", ({ json }) => {
  expect(parseKeyRecord(json)).toBeUndefined();
});
