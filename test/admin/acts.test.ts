import { describe, expect, it } from "vitest";
import type { Act } from "../../src/core/act.ts";
import { importPepper } from "../../src/core/api-key.ts";
import { importKek } from "../../src/core/sealed-key.ts";
import { userIdOf } from "../../src/core/user-id.ts";
import { madeUpKey } from "../support/cast.ts";
import { controlPlane, TENANT } from "../support/control-plane.ts";
import { sampleKeyRecord } from "../support/sample-key-record.ts";

const ISSUER = "https://id.example";
const ANN = await userIdOf(ISSUER, "ann");
const MANAGER = { ...sampleKeyRecord, permissions: ["data", "manage"] };

const THING = {
  id: "abcdefghijkl",
  kind: "secret",
  role: "owner",
  status: "active",
  tenant_id: TENANT,
  event_id: TENANT,
};
const key32 = Buffer.alloc(32, 7).toString("base64");

/** A control plane whose every act is done, and what was to be noted of each. */
function noting() {
  const acts: Act[] = [];
  const done = async (first: Partial<Act> | undefined) => {
    if (first?.action !== undefined) acts.push(first as Act);
    return { ...THING, kind: first?.action === undefined ? THING.kind : "done", row: THING };
  };
  const everything = new Proxy({}, { get: () => done });
  const ask = controlPlane({
    ...Object.fromEntries(["tenants", "gatewayKeys", "users", "webhooks"].map((name) => [name, everything])),
    changes: { publish: async () => "published" },
    controlQueue: { send: async () => undefined },
    peppers: async () => new Map([[1, await importPepper(key32)]]),
    keks: async () => new Map([[1, await importKek(key32)]]),
    random: (bytes: number) => new Uint8Array(bytes),
    newRequestId: () => TENANT,
    newEventId: () => TENANT,
    webhookTargets: "public",
    identityIssuer: ISSUER,
    identityTokens: { verify: async () => ({ kind: "verified", issuer: ISSUER, subject: "ann" }) },
    identifyKey: async () => MANAGER,
  });
  return { acts, ask };
}

describe("an act is noted as its caller's", () => {
  it.each([
    { who: "the operator", asks: { tenant: TENANT }, actor: { kind: "operator" } },
    { who: "a key", asks: { credential: madeUpKey() }, actor: { kind: "key", keyId: MANAGER.keyId } },
    {
      who: "a person",
      asks: { credential: "a.b.c", tenant: TENANT },
      actor: { kind: "user", userId: ANN, role: "owner" },
    },
  ])("$who", async ({ asks, actor }) => {
    const { acts, ask } = noting();
    expect((await ask("PATCH", "/v1/tenant", { ...asks, body: { name: "New" } })).status).toBe(200);
    expect(acts).toEqual([
      {
        actor,
        action: "tenant.update-own",
        subject: asks.tenant ?? MANAGER.tenant.id,
        requestId: "request",
        detail: { name: "New" },
        idempotency: undefined,
      },
    ]);
  });
});

describe("an act is noted with what it was, on what it was done, and what was asked", () => {
  const url = "https://hooks.example/a-secret-path?token=a-secret";
  const text = expect.any(String) as string;
  it.each([
    { asks: "POST /v1/tenants", body: { name: "A" }, action: "tenant.create", subject: TENANT, detail: { name: "A" } },
    {
      asks: `PATCH /v1/tenants/${TENANT}`,
      body: { plan: "pro" },
      action: "tenant.update",
      subject: TENANT,
      detail: { plan: "pro" },
    },
    { asks: `POST /v1/tenants/${TENANT}/suspend`, action: "tenant.suspend", subject: TENANT },
    { asks: `POST /v1/tenants/${TENANT}/resume`, action: "tenant.resume", subject: TENANT },
    { asks: `DELETE /v1/tenants/${TENANT}`, action: "tenant.delete", subject: TENANT },
    {
      asks: "POST /v1/keys",
      body: { permissions: ["manage"] },
      action: "key.issue",
      subject: text,
      detail: { permissions: ["manage"], endpoints: null, expires_at: null },
    },
    {
      asks: "POST /v1/keys/abcdefghijkl/rotate",
      body: { overlap_minutes: 5 },
      action: "key.rotate",
      subject: THING.id,
      detail: { replaced_by: text, overlap_minutes: 5 },
    },
    { asks: "DELETE /v1/keys/abcdefghijkl", action: "key.revoke", subject: THING.id },
    { asks: "PUT /v1/users/ann", body: { role: "admin" }, action: "user.set", subject: ANN, detail: { role: "admin" } },
    { asks: "DELETE /v1/users/ann", action: "user.remove", subject: ANN },
    {
      asks: "POST /v1/webhooks",
      body: { url, events: ["upstream_key.invalid"] },
      action: "webhook.create",
      subject: TENANT,
      detail: { origin: "https://hooks.example", events: ["upstream_key.invalid"] },
    },
    { asks: `DELETE /v1/webhooks/${TENANT}`, action: "webhook.delete", subject: TENANT },
    { asks: `POST /v1/webhook-deliveries/${TENANT}/replay`, action: "webhook-delivery.replay", subject: TENANT },
  ])("$action", async ({ asks, body, ...noted }) => {
    const { acts, ask } = noting();
    const [method = "", path = ""] = asks.split(" ");
    const answer = await ask(method, path, { tenant: TENANT, ...(body === undefined ? {} : { body }) });
    expect(answer.status).toBeLessThan(300);
    expect(acts).toMatchObject([noted]);
    const shownOnce = ["a-secret", answer.body["key"], answer.body["secret"]].filter((clear) => clear !== undefined);
    for (const clear of shownOnce) expect(JSON.stringify(acts)).not.toContain(clear);
  });
});
