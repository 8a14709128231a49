import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { storeKey } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { useGateway } from "../support/use-gateway.ts";
import { startReceiver, verified } from "../support/webhook-receiver.ts";

/** The check comes a second after the first refusal, so that a test sees what is before it. */
const SETTINGS = { CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50", CHECK_KEY_MS: "1000" };

describe("an own key that the upstream refuses", () => {
  // The tests follow each other within the minute in which refusals of several keys count as one outage.
  const running = useGateway({ ...SETTINGS, MANY_KEYS: "9" });
  let operator: ReturnType<typeof control>;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  beforeAll(async () => {
    operator = control(running().gateway, running().stack.settings["ADMIN_TOKEN"] ?? "");
    receiver = await startReceiver();
  });
  afterAll(() => receiver.close());

  /** A tenant on a key of its own, which the upstream knows. */
  const owner = async (onInvalidKey: "shared" | "refuse" = "shared") => {
    const { stack, gateway, upstream } = running();
    const body = { name: "Owner", plan: "pro", on_invalid_key: onInvalidKey };
    const id = String((await operator.post("/v1/tenants", { body })).body["id"]);
    const apiKey = await storeKey(stack, { tenantId: id, permissions: ["data", "manage"] });
    const key = `own-${randomUUID()}`;
    await upstream.setKey({ key, state: "active", credits: null, downloadTier: true });
    const set = await control(gateway, apiKey).put("/v1/upstream-key", { body: { key } });
    expect(set.status, JSON.stringify(set.body)).toBe(200);
    const { query, events } = books(stack.database.url);
    const ask = () => gateway.get(`/userid/?username=a${randomUUID().slice(0, 8)}`, { key: apiKey });
    // The two probes are paid with it at once; requests are when the isolate has heard of the change.
    await eventually(async () => {
      await ask();
      expect((await upstream.meter()).keys[key]?.calls).toBeGreaterThan(2);
    });
    return {
      id,
      key,
      ask,
      state: async () => (await control(gateway, apiKey).get("/v1/upstream-key")).body,
      tenant: async () => (await operator.get(`/v1/tenants/${id}`)).body,
      told: () => query("SELECT type, data FROM app.webhook_events WHERE tenant_id = $1", [id]),
      outcomes: async () => (await events(id)).map(({ outcome }) => outcome),
    };
  };
  /** The upstream's own words and status for a key that it does not know. */
  const refused = async (response: Response) => {
    expect(response.status, "passed on as it came").toBe(200);
    expect(await response.json()).toHaveProperty("message");
  };

  it("once goes on being used, because one refusal may be the upstream's mistake", async () => {
    const { key, ask, outcomes, state, told } = await owner();
    const body = '{"message":"Api-Key is not available"}';
    await running().upstream.fault({ kind: "status", status: 200, body, key, charged: false });
    await refused(await ask());
    await eventually(async () => expect((await outcomes()).slice(-2)).toEqual(["account_error", "success"]));
    expect(await state()).toMatchObject({ mode: "byo", active: { version: 1, status: "active" } });
    expect(await told()).toEqual([]);
    expect((await ask()).status).toBe(200);
  });

  it("twice is invalid: its tenant goes on with the platform's keys and the free quota, and its owner is told", async () => {
    const { id, key, ask, state, tenant, told } = await owner();
    await running().upstream.setKey({ key, state: "suspended" });
    await refused(await ask());
    expect(await state(), "nothing is decided by one refusal").toMatchObject({ mode: "byo" });
    await eventually(async () => expect(await state()).toMatchObject({ mode: "shared", active: null }));
    expect((await state())["versions"]).toMatchObject([{ version: 1, status: "invalid", reason: "failed" }]);
    expect(await tenant()).toMatchObject({ key_mode: "shared", daily_quota: 5_000, monthly_quota: 10_000 });
    expect((await tenant())["fell_back_at"]).not.toBeNull();
    expect(await told()).toMatchObject([{ type: "upstream_key.invalid", data: { version: 1 } }]);
    const { body } = await operator.get("/v1/audit", { tenant: id });
    expect(body["data"]).toMatchObject([
      { actor_kind: "system", actor_id: "check-key", action: "upstream-key.invalidate" },
      {},
      {},
      {},
    ]);
    await eventually(async () => expect(await (await ask()).json()).toHaveProperty("id"));
  });

  it("twice is invalid, and the owner's webhook hears of it by itself, signed", async () => {
    const { id, key, ask } = await owner();
    const events = ["upstream_key.invalid"];
    const hook = await operator.post("/v1/webhooks", { tenant: id, body: { url: `${receiver.url}/owner`, events } });
    expect(hook.status).toBe(201);
    await running().upstream.setKey({ key, state: "suspended" });
    await refused(await ask());
    const delivery = await eventually(async () => {
      const [first, ...more] = receiver.received("/owner");
      if (first === undefined || more.length > 0) throw new Error("it is not delivered once");
      return first;
    });
    expect(delivery.body).not.toContain(key);
    expect(verified(String(hook.body["secret"]), delivery)).toMatchObject({
      type: "upstream_key.invalid",
      tenant_id: id,
      data: { version: 1 },
    });
  });

  it("twice is invalid, and a tenant that chose so is refused until it brings another", async () => {
    const { key, ask, state } = await owner("refuse");
    await running().upstream.setKey({ key, state: "exhausted" });
    await refused(await ask());
    await eventually(async () => expect(await state()).toMatchObject({ mode: "byo", active: null }));
    await eventually(async () => expect((await ask()).status).toBe(503));
  });

  it("is checked once, however many requests it refuses at once", async () => {
    const { key, ask, state, outcomes } = await owner();
    await running().upstream.setKey({ key, state: "suspended" });
    await Promise.all(Array.from({ length: 10 }, () => ask()));
    await eventually(async () => expect(await state()).toMatchObject({ mode: "shared" }));
    await eventually(async () => {
      const refusals = (await outcomes()).filter((outcome) => outcome === "account_error");
      expect(refusals, "ten of requests and one of the check").toHaveLength(11);
    });
  });
});

describe("while the upstream refuses every key", () => {
  const running = useGateway({ ...SETTINGS, MANY_KEYS: "3" });

  it("none is found invalid, because it is the upstream's trouble and not theirs", async () => {
    const { stack, gateway, upstream } = running();
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    const owners = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const { body } = await operator.post("/v1/tenants", { body: { name: "Owner", plan: "pro" } });
        const apiKey = await storeKey(stack, { tenantId: String(body["id"]), permissions: ["data", "manage"] });
        const key = `own-${randomUUID()}`;
        await upstream.setKey({ key, state: "active", credits: null, downloadTier: true });
        const { put, get } = control(gateway, apiKey);
        expect((await put("/v1/upstream-key", { body: { key } })).status).toBe(200);
        await eventually(async () => {
          await gateway.get(`/userid/?username=a${randomUUID().slice(0, 8)}`, { key: apiKey });
          expect((await upstream.meter()).keys[key]?.calls).toBeGreaterThan(2);
        });
        return { apiKey, key, mode: async () => (await get("/v1/upstream-key")).body["mode"] };
      }),
    );
    const body = '{"message":"Api-Key is not available"}';
    for (const { key } of owners) await upstream.fault({ kind: "status", status: 401, body, key, times: null });
    const { query } = books(stack.database.url);
    await eventually(async () => {
      const path = `/userid/?username=all${randomUUID().slice(0, 8)}`;
      await Promise.all(owners.map(({ apiKey }) => gateway.get(path, { key: apiKey })));
      // Delivered at least twice each by then: the second delivery comes two seconds after the first.
      expect(gateway.logs().filter((line) => line.includes("key-check-postponed")).length).toBeGreaterThanOrEqual(6);
    });
    expect(await Promise.all(owners.map(({ mode }) => mode()))).toEqual(["byo", "byo", "byo"]);
    expect(await query("SELECT FROM app.webhook_events", [])).toEqual([]);
  });
});
