import { Hono } from "hono";
import { expect, it } from "vitest";
import { rightsOf } from "../../src/core/key-rights.ts";
import type { RateDecision } from "../../src/core/ports.ts";
import { onError } from "../../src/on-error.ts";
import { limitRate } from "../../src/proxy/limit-rate.ts";
import type { ProxyEnv } from "../../src/proxy/request.ts";
import { sampleKeyRecord, sampleTenant } from "../support/sample-key-record.ts";
import { silentLog } from "../support/silent-log.ts";

const publishable = { ...sampleKeyRecord, kind: "publishable" as const };
const OF_TENANT = sampleTenant.id;
const OF_KEY = `key:${sampleKeyRecord.keyId}`;

const allowed: RateDecision = { kind: "allowed", limit: 10, remaining: 5, resetAtMs: 1_000 };
const refused: RateDecision = { kind: "refused", limit: 10, remaining: 0, resetAtMs: 7_000 };
const unavailable: RateDecision = { kind: "unavailable" };

/** What a request with a publishable key meets when the limiter decides so, and who was asked before the first answer. */
async function request(decisions: Readonly<Record<string, RateDecision>>) {
  const asked: string[] = [];
  const { promise: bothAsked, resolve } = Promise.withResolvers<void>();
  const limiter = {
    async take(name: string) {
      asked.push(name);
      if (asked.length === 2) resolve();
      await bothAsked;
      return decisions[name] ?? unavailable;
    },
  };
  const app = new Hono<ProxyEnv>()
    .onError(onError(silentLog))
    .use(async (c, next) => {
      c.set("requestId", "the-request");
      c.set("wait", { within: (work) => work() });
      c.set("identity", { keyId: publishable.keyId, tenant: publishable.tenant, ...rightsOf(publishable) });
      return next();
    })
    .use(limitRate(limiter, () => 0))
    .get("*", (c) => c.json(c.var.rates.map(({ policy, decision }) => `${policy} ${decision.kind}`)));
  const response = await app.request("/");
  return { status: response.status, body: await response.json(), asked };
}

it("asks both buckets at once, because a budget in a page is no reason to be slower", async () => {
  const { body, asked } = await request({ [OF_TENANT]: allowed, [OF_KEY]: allowed });
  expect(asked).toEqual([OF_TENANT, OF_KEY]);
  expect(body).toEqual(["burst allowed", "key allowed"]);
});

it.each([
  { tenant: refused, key: allowed, violated: ["burst"] },
  { tenant: allowed, key: refused, violated: ["key"] },
  { tenant: unavailable, key: refused, violated: ["key"] },
  { tenant: refused, key: refused, violated: ["burst", "key"] },
])("refuses when $violated is used up", async ({ tenant, key, violated }) => {
  const { status, body } = await request({ [OF_TENANT]: tenant, [OF_KEY]: key });
  expect(status).toBe(429);
  expect(body).toMatchObject({ "violated-policies": violated });
});

it("lets the request on when neither bucket answers: a miss is refused by the ledger then", async () => {
  const { status, body } = await request({});
  expect(status).toBe(200);
  expect(body).toEqual(["burst unavailable", "key unavailable"]);
});
