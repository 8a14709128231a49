import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { afterAttempt, newWebhookSecret, webhookBody, webhookHeaders } from "../../src/core/webhook.ts";

const counting = (bytes: number) => Uint8Array.from({ length: bytes }, (_, at) => at);
const secret = newWebhookSecret(counting);

const event = {
  tenantId: "0199c0de-0000-7000-8000-00000000000a",
  id: "0199c0de-0000-7000-8000-000000000001",
  type: "upstream_key.invalid",
  createdAt: "2026-01-31T12:00:00.000Z",
  data: { last4: "Ünï4" },
} as const;

it("makes secrets of 32 random bytes in the form of Standard Webhooks", () => {
  expect(secret).toBe("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
});

it("names the tenant in the body, because the operator's receivers hear of every tenant", () => {
  expect(JSON.parse(webhookBody(event))).toEqual({
    id: event.id,
    type: event.type,
    created_at: event.createdAt,
    tenant_id: event.tenantId,
    data: event.data,
  });
});

describe("signatures", () => {
  const signed = () => webhookHeaders({ id: "delivery", body: webhookBody(event), secret, nowMs: Date.now() });

  it("are what the library of the specification verifies", async () => {
    expect(new Webhook(secret).verify(webhookBody(event), await signed())).toMatchObject({ data: event.data });
  });

  it.each([
    { what: "another body", change: { body: "{}" } },
    { what: "another id", change: { id: "another" } },
    { what: "another time", change: { shiftSeconds: 1 } },
    { what: "another secret", change: { secret: newWebhookSecret((bytes) => new Uint8Array(bytes)) } },
  ])("do not fit $what, because all of it is signed", async ({ change }) => {
    const headers = await signed();
    const seconds = Number(headers["webhook-timestamp"]) + (change.shiftSeconds ?? 0);
    const given = { ...headers, "webhook-id": change.id ?? "delivery", "webhook-timestamp": String(seconds) };
    const verify = () => new Webhook(change.secret ?? secret).verify(change.body ?? webhookBody(event), given);
    expect(verify).toThrow("No matching signature found");
  });

  it("carry whole seconds, as the specification says", async () => {
    const headers = await webhookHeaders({ id: "d", body: "", secret, nowMs: 1_700_000_000_999 });
    expect(headers["webhook-timestamp"]).toBe("1700000000");
  });

  it.each(["whsec_%%%", "d2hhdA=="])("are not made with %s, and the error does not show it", async (wrong) => {
    const made = webhookHeaders({ id: "d", body: "", secret: wrong, nowMs: 0 });
    await expect(made).rejects.toThrow("A secret of webhooks is whsec_ and base64.");
  });
});

describe("after an attempt", () => {
  const rules = { firstDelayMs: 5_000, mostAttempts: 12 };

  it.each([
    { status: 200, is: "delivered", because: "it is a receipt" },
    { status: 204, is: "delivered", because: "a receipt needs no body" },
    { status: 299, is: "delivered", because: "any 2xx is one" },
    { status: 199, is: "pending", because: "it is no final status" },
    { status: 301, is: "pending", because: "whoever answers there now was not told to us" },
    { status: 404, is: "pending", because: "a receiver may be put back" },
    { status: 500, is: "pending", because: "a receiver may recover" },
    { status: null, is: "pending", because: "none came" },
  ])("a reply of $status leaves it $is: $because", ({ status, is }) => {
    expect(afterAttempt(1, status, rules)).toMatchObject({ status: is, lastStatus: status });
  });

  it.each([
    { attempts: 1, delayMs: 5_000, because: "the first wait is the shortest" },
    { attempts: 2, delayMs: 10_000, because: "it doubles" },
    { attempts: 10, delayMs: 2_560_000, because: "it goes on doubling" },
    { attempts: 11, delayMs: 3_600_000, because: "it ends at an hour" },
  ])("$attempts of them failed: waits $delayMs ms, because $because", ({ attempts, delayMs }) => {
    expect(afterAttempt(attempts, 500, rules)).toEqual({ status: "pending", lastStatus: 500, delayMs });
  });

  it("gives up after the last one, because a receiver that is gone must not be called for ever", () => {
    expect(afterAttempt(12, 500, rules).status).toBe("dead");
    expect(afterAttempt(13, null, rules).status).toBe("dead");
    expect(afterAttempt(12, 200, rules).status).toBe("delivered");
  });
});
