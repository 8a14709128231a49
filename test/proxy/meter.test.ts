import { expect, it } from "vitest";
import type { Answer } from "../../src/answer/answer.ts";
import { findEndpoint } from "../../src/core/catalogue.ts";
import type { ServedRequest } from "../../src/core/usage.ts";
import { meter } from "../../src/proxy/meter.ts";
import { sampleKeyRecord, sampleTenant } from "../support/sample-key-record.ts";
import { sampleRequest } from "../support/sample-request.ts";

const endpoint = findEndpoint("/userid/");
if (endpoint === undefined) throw new Error("no such endpoint");

/** What is counted of a request that was answered so, 7 ms after it began. */
function counted(answer: object, keyMode: "shared" | "byo" = "shared") {
  const requests: (readonly [string, ServedRequest])[] = [];
  const addRequest = (tenantId: string, request: ServedRequest) => void requests.push([tenantId, request]);
  const step = meter({ requests: { addRequest }, chargeRules: { chargeNotFound: true }, clock: () => 1_007 });
  const identity = { ...sampleKeyRecord, tenant: { ...sampleTenant, keyMode } };
  const asked = { ...sampleRequest(), beganMs: 1_000, identity, call: { endpoint, params: [] }, rates: [] };
  step(asked as Parameters<typeof step>[0], answer as Answer);
  return requests;
}

const fetched = { kind: "fetched", dispatches: 2, creditsCharged: 1, creditsInDoubt: 1 };
const stored = { entry: { kind: "answer" } };
const whose = { keyId: sampleKeyRecord.keyId, tookMs: 7 };
const call = { endpoint: "/userid/", calls: 2, creditsCharged: 1, creditsInDoubt: 1 };

it.each([
  { answer: { kind: "hit", tier: "colo", stored }, is: "a hit of its tier", tier: "colo" },
  { answer: { kind: "joined", stored }, is: "a hit that another paid for", tier: "joined" },
  { answer: { kind: "refreshing", stored }, is: "a stale hit", tier: "stale" },
  { answer: { kind: "stale", stored, instead: { kind: "refused" } }, is: "a stale hit", tier: "stale" },
])("$answer.kind counts as $is, by the key that asked and by how long it took", ({ answer, tier }) => {
  const hit = { endpoint: "/userid/", tier, hits: 1, creditsSaved: 1 };
  expect(counted(answer)).toEqual([[sampleTenant.id, { ...whose, hit }]]);
});

it.each([
  { answer: fetched, keyMode: "shared", creditsOnOwnKey: 0, because: "the platform paid" },
  { answer: fetched, keyMode: "byo", creditsOnOwnKey: 1, because: "the tenant paid itself" },
  {
    answer: { kind: "stale", stored, instead: fetched },
    keyMode: "shared",
    creditsOnOwnKey: 0,
    because: "the upstream was asked all the same, and failed",
  },
] as const)("what was asked of the upstream counts with all that it cost: $because", ({ answer, keyMode, ...own }) => {
  const { creditsOnOwnKey } = own;
  expect(counted(answer, keyMode)).toEqual([[sampleTenant.id, { ...whose, call: { ...call, creditsOnOwnKey } }]]);
});

it("what was refused counts for nothing, because nothing was served", () => {
  expect(counted({ kind: "refused", because: "not-cached" })).toEqual([]);
});
