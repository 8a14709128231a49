import { expect, it } from "vitest";
import { madeUpKey } from "../support/cast.ts";
import { controlPlane } from "../support/control-plane.ts";
import { sampleKeyRecord } from "../support/sample-key-record.ts";

/** A limiter that says no, and of whom it was asked. */
const limited = (decision: object) => {
  const names: string[] = [];
  const take = async (name: string) => {
    names.push(name);
    return decision;
  };
  const identityTokens = { verify: async () => ({ kind: "verified", issuer: "https://id.example", subject: "ann" }) };
  const ask = controlPlane({ limiter: { take }, identityTokens, identifyKey: async () => sampleKeyRecord });
  return { names, me: (credential?: string) => ask("GET", "/v1/me", credential === undefined ? {} : { credential }) };
};

it("bounds keys and people, each in a bucket of their own, and never the operator, who is needed when things go wrong", async () => {
  const { me, names } = limited({ kind: "refused", remaining: 0, resetAtMs: Date.parse("2026-01-31T12:00:10Z") });
  expect(await me(madeUpKey())).toMatchObject({ status: 429, body: { "violated-policies": ["control"] } });
  expect((await me("a.b.c")).status).toBe(429);
  expect((await me()).status).toBe(200);
  expect(names).toEqual([
    `control:${sampleKeyRecord.keyId}`,
    expect.stringMatching(/^control:[0-9a-f]{8}-[0-9a-f]{4}-8/),
  ]);
});

it("lets everybody in while the limiter does not answer", async () => {
  expect((await limited({ kind: "unavailable" }).me(madeUpKey())).status).toBe(200);
});
