import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { leaksIn, placesOf } from "../support/no-secrets.ts";
import { boughtKey, newOwner, useSecrets } from "../support/use-secrets.ts";

const EVENTS = ["upstream_key.invalid"];

describe("no secret leaves", () => {
  const using = useSecrets();

  it("when gateway keys are issued, used, replaced and revoked", async () => {
    const { gateway } = using();
    const { api } = await newOwner(using());
    const once = { "idempotency-key": randomUUID() };
    const issued = await api.post("/v1/keys", { body: { name: "servers" }, headers: once });
    const publishable = { kind: "publishable", origins: ["https://app.example.com"], endpoints: ["/userid/"] };
    expect((await api.post("/v1/keys", { body: publishable })).status).toBe(201);
    const again = await api.post("/v1/keys", { body: { name: "servers" }, headers: once });
    expect([again.body["replayed"], again.body["key"]]).toEqual([true, undefined]);
    const rotated = await api.post(`/v1/keys/${String(issued.body["id"])}/rotate`, { body: { overlap_minutes: 0 } });
    const use = async ({ body }: typeof issued) =>
      (await gateway.get("/userid/?username=tiktok", { key: String(body["key"]) })).status;
    expect([await use(rotated), await use(rotated)]).toEqual([200, 200]);
    await eventually(async () => expect(await use(issued)).toBe(401));
    expect((await api.delete(`/v1/keys/${String(rotated.body["id"])}`)).status).toBe(200);
    await eventually(async () => expect(await use(rotated)).toBe(401));
    for (const path of ["/v1/keys", `/v1/keys/${String(rotated.body["id"])}`, "/v1/audit", "/v1/me"])
      await api.get(path);
  });

  it("when an upstream key is refused, cannot be tried, pays, is wrapped anew, and is replaced", async () => {
    const { upstream, operator } = using();
    const { api, ask, bring } = await newOwner(using());
    expect((await bring(randomBytes(16).toString("hex"))).status).toBe(422);
    const [first, second] = [await boughtKey(using()), await boughtKey(using())];
    for (const kind of ["hang", "reset", "garbage"]) {
      await upstream.fault({ kind, key: first, times: 2 });
      expect((await bring(first)).status).toBe(503);
      await upstream.clearFaults();
    }
    expect((await bring(first)).status).toBe(200);
    expect((await ask()).status).toBe(200);
    expect((await operator.post("/v1/wrapping-key/rotate")).body).toMatchObject({ version: 2, remaining: 0 });
    expect((await bring(second)).status).toBe(200);
    expect((await api.delete("/v1/upstream-key")).status).toBe(200);
    await api.get("/v1/upstream-key");
    await operator.get("/v1/audit");
  });

  it("when an upstream key is found invalid, and its owner cannot be told", async () => {
    const { stack, upstream, receiver } = using();
    const { api, ask, bring } = await newOwner(using());
    receiver.reply("/down", (_count, response) => void response.writeHead(500).end());
    await api.post("/v1/webhooks", { body: { url: `${receiver.url}/down`, events: EVENTS } });
    const key = await boughtKey(using());
    expect((await bring(key)).status).toBe(200);
    await upstream.setKey({ key, state: "suspended" });
    await eventually(async () => {
      await ask();
      const { body } = await api.get("/v1/webhook-deliveries");
      expect(body["data"]).toMatchObject([{ status: "dead", last_status: 500 }]);
    });
    const [delivery] = (await api.get("/v1/webhook-deliveries")).body["data"] as { id: string }[];
    expect((await api.post(`/v1/webhook-deliveries/${delivery?.id}/replay`)).status).toBe(202);
    await eventually(async () => expect(receiver.received("/down").length).toBeGreaterThan(2));
    const received = receiver.received("/down").map((each) => JSON.stringify(each));
    expect(leaksIn("deliveries", received, stack.seen.secrets())).toEqual([]);
  });

  it("when the upstream hangs, breaks off, answers nonsense, or refuses the platform's own key", async () => {
    const { gateway, upstream, operator } = using();
    const { ask } = await newOwner(using());
    const faults = [
      { kind: "hang" },
      { kind: "reset", times: 2 },
      { kind: "garbage" },
      { kind: "status", status: 500 },
    ];
    for (const fault of faults) {
      await upstream.fault(fault);
      expect((await ask()).status).toBeGreaterThanOrEqual(500);
      await upstream.clearFaults();
    }
    const key = gateway.platformKeys[0];
    await upstream.setKey({ key, state: "suspended" });
    expect((await ask()).status).toBe(503);
    await upstream.setKey({ key, state: "active" });
    await operator.get("/v1/platform-keys");
  });

  it.each([
    { what: "an error", status: 500, body: (key: string) => `{"message":"Key ${key} of ${key} failed"}` },
    { what: "an answer, which is kept in Redis", status: 200, body: (key: string) => `{"id":"1","key":"${key}"}` },
  ])("when the upstream repeats in $what the key that it was asked with", async ({ status, body }) => {
    const { gateway, upstream } = using();
    const [shared, owner] = [await newOwner(using()), await newOwner(using())];
    const own = await boughtKey(using());
    await owner.bring(own);
    for (const [{ ask }, key] of [
      [shared, gateway.platformKeys[0] ?? ""],
      [owner, own],
    ] as const) {
      await upstream.fault({ kind: "status", status, body: body(key), key });
      const answer = await ask();
      expect([answer.status, await answer.text()]).toEqual([status, body("*".repeat(key.length))]);
    }
  });

  it("unseen: after the tests above no place that is searched is empty, and every kind of message was delivered", async () => {
    const { stack } = using();
    const { ask } = await newOwner(using());
    expect((await ask()).status).toBe(200);
    const kinds = ['"event","event"', '"hits"', '"change"', '"event","tenantId"', '"check-key"'];
    await eventually(async () => {
      const places = await placesOf(stack);
      for (const [place, texts] of Object.entries(places)) expect(texts, place).not.toEqual([]);
      for (const kind of kinds) expect(stack.seen.messages.join()).toContain(`"kind":${kind}`);
    });
  });
});
