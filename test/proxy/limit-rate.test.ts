import { expect, it } from "vitest";
import { rightsOf } from "../../src/core/key-rights.ts";
import type { RateDecision } from "../../src/core/ports.ts";
import { limitRate } from "../../src/proxy/limit-rate.ts";
import { sampleKeyRecord, sampleTenant } from "../support/sample-key-record.ts";
import { sampleRequest } from "../support/sample-request.ts";

const publishable = { ...sampleKeyRecord, kind: "publishable" as const };
const OF_TENANT = sampleTenant.id;
const OF_KEY = `key:${sampleKeyRecord.keyId}`;

const allowed: RateDecision = { kind: "allowed", limit: 10, remaining: 5, resetAtMs: 1_000 };
const refused: RateDecision = { kind: "refused", limit: 10, remaining: 0, resetAtMs: 7_000 };
const unavailable: RateDecision = { kind: "unavailable" };

type Decisions = Readonly<Record<string, RateDecision>>;

/** What a request with a publishable key meets when the limiter decides so, and who was asked before the first answer. `held` needs no asking. */
async function request(decisions: Decisions, held: Decisions = {}) {
  const asked: string[] = [];
  const { promise: allAsked, resolve } = Promise.withResolvers<void>();
  const limiter = {
    takeHeld: (name: string) => held[name],
    async take(name: string) {
      asked.push(name);
      if (asked.length === 2 - Object.keys(held).length) resolve();
      await allAsked;
      return decisions[name] ?? unavailable;
    },
  };
  const waited: string[] = [];
  const of = {
    ...sampleRequest(),
    wait: { within: <T>(work: () => Promise<T>) => (waited.push("waited"), work()) },
  };
  const identity = { ...publishable, ...rightsOf(publishable) };
  const rates = await limitRate(limiter, () => 0)(of, identity).rates;
  return { decided: rates.map(({ policy, decision }) => `${policy} ${decision.kind}`), asked, waited };
}

it("asks both buckets at once, because a budget in a page is no reason to be slower", async () => {
  const { decided, asked } = await request({ [OF_TENANT]: allowed, [OF_KEY]: allowed });
  expect(asked).toEqual([OF_TENANT, OF_KEY]);
  expect(decided).toEqual(["burst allowed", "key allowed"]);
});

it("waits for nothing when the isolate holds a token of each, and asks only for the one that it does not hold", async () => {
  expect(await request({}, { [OF_TENANT]: allowed, [OF_KEY]: allowed })).toEqual({
    decided: ["burst allowed", "key allowed"],
    asked: [],
    waited: [],
  });
  const { decided, asked } = await request({ [OF_KEY]: allowed }, { [OF_TENANT]: allowed });
  expect(decided).toEqual(["burst allowed", "key allowed"]);
  expect(asked).toEqual([OF_KEY]);
});

it.each([
  { tenant: refused, key: allowed, violated: ["burst"] },
  { tenant: allowed, key: refused, violated: ["key"] },
  { tenant: unavailable, key: refused, violated: ["key"] },
  { tenant: refused, key: refused, violated: ["burst", "key"] },
])("refuses when $violated is used up", async ({ tenant, key, violated }) => {
  await expect(request({ [OF_TENANT]: tenant, [OF_KEY]: key })).rejects.toMatchObject({
    status: 429,
    members: { "violated-policies": violated },
  });
});

it("lets the request on when neither bucket answers: a miss is refused by the ledger then", async () => {
  expect((await request({})).decided).toEqual(["burst unavailable", "key unavailable"]);
});

it("says of a tenant that was refused that nothing should be looked up for it, for a second", async () => {
  let nowMs = 0;
  const decided = { [OF_TENANT]: refused, other: allowed };
  const limiter = {
    takeHeld: () => undefined,
    take: async (name: string): Promise<RateDecision> => decided[name === OF_TENANT ? OF_TENANT : "other"] ?? allowed,
  };
  const step = limitRate(limiter, () => nowMs);
  const asked = async (tenant: typeof sampleTenant) => {
    const secret = { ...sampleKeyRecord, kind: "secret" as const, tenant };
    const { rates, isTight } = step(sampleRequest(), { ...secret, ...rightsOf(secret) });
    await Promise.resolve(rates).catch(() => undefined);
    return isTight;
  };
  expect(await asked(sampleTenant)).toBe(false);
  expect(await asked(sampleTenant)).toBe(true);
  expect(await asked({ ...sampleTenant, id: "another" })).toBe(false);
  decided[OF_TENANT] = allowed;
  nowMs = 999;
  expect(await asked(sampleTenant)).toBe(true);
  nowMs = 1_000;
  expect(await asked(sampleTenant)).toBe(false);
});

it("slows nobody for the budget of a key in a page that is used up: its tenant's other keys have room", async () => {
  const limiter = {
    takeHeld: () => undefined,
    take: async (name: string): Promise<RateDecision> => (name === OF_KEY ? refused : allowed),
  };
  const step = limitRate(limiter, () => 0);
  const ofPage = { ...publishable, ...rightsOf(publishable) };
  await expect(step(sampleRequest(), ofPage).rates).rejects.toMatchObject({ status: 429 });
  const secret = { ...sampleKeyRecord, kind: "secret" as const };
  expect(step(sampleRequest(), { ...secret, ...rightsOf(secret) }).isTight).toBe(false);
});
