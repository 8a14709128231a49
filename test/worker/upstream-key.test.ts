import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { beforeAll, describe, expect, it } from "vitest";
import { UpstreamKeySwap, UpstreamKeyView } from "../../src/core/resources.ts";
import { books } from "../support/books.ts";
import { storeKey } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { useGateway } from "../support/use-gateway.ts";

const FAST = { CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50", UPSTREAM_DEADLINE_MS: "1000" };

describe("a tenant's own upstream key", () => {
  const running = useGateway(FAST);
  let operator: ReturnType<typeof control>;
  beforeAll(() => {
    operator = control(running().gateway, running().stack.settings["ADMIN_TOKEN"] ?? "");
  });

  /** A tenant that may bring a key, asked for by a gateway key of its own. */
  const tenant = async () => {
    const created = await operator.post("/v1/tenants", { body: { name: "Owner", plan: "pro" } });
    const id = String(created.body["id"]);
    const apiKey = await storeKey(running().stack, { tenantId: id, permissions: ["data", "manage"] });
    const { get, put, delete: remove } = control(running().gateway, apiKey);
    return {
      id,
      apiKey,
      put: (key: string, headers: Record<string, string> = {}) => put("/v1/upstream-key", { body: { key }, headers }),
      state: async () => v.parse(UpstreamKeyView, (await get("/v1/upstream-key")).body),
      remove: () => remove("/v1/upstream-key"),
    };
  };
  /** A key that the upstream knows, and nobody else. */
  const bought = async (account: object = {}) => {
    const key = `bought-${randomUUID()}`;
    await running().upstream.setKey({ key, state: "active", credits: null, downloadTier: true, ...account });
    return key;
  };
  const spent = async (tenantId: string, calls: number) =>
    eventually(async () => {
      const events = await books(running().stack.database.url).events(tenantId);
      expect(events).toHaveLength(calls);
      return events;
    });
  const countedBy = async (key: string) => (await running().upstream.meter()).keys[key] ?? { calls: 0, charged: 0 };

  it("is good without download links too, and known to have none", async () => {
    const owner = await tenant();
    const key = await bought({ downloadTier: false });
    const { status, body } = await owner.put(key);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(v.parse(UpstreamKeySwap, body).active).toMatchObject({ status: "active", download_tier: false });
  });

  it("is probed at its owner's cost, which is booked to the credit under the new key", async () => {
    const owner = await tenant();
    const key = await bought();
    const { body } = await owner.put(key);
    expect(body).toMatchObject({ credits_charged: 2, active: { download_tier: true } });
    const events = await spent(owner.id, 2);
    expect(events.map(({ endpoint, credits_charged: credits }) => [endpoint, credits])).toEqual([
      ["/userid/", 1],
      ["/post-detail/", 1],
    ]);
    expect(new Set(events.map((event) => event.upstream_key_id)).size).toBe(1);
    expect(await countedBy(key)).toMatchObject({ calls: 2, charged: 2 });
  });

  it("replaces the one before, whose end it says, and whose secret is gone", async () => {
    const owner = await tenant();
    await owner.put(await bought());
    const { body } = await owner.put(await bought());
    const { active, previous } = v.parse(UpstreamKeySwap, body);
    expect(active.version).toBe(2);
    expect(previous).toMatchObject({ version: 1, status: "retired", reason: "replaced" });
    expect(Date.parse(previous?.retires_at ?? "")).toBeGreaterThan(Date.parse(active.created_at));
    const state = await owner.state();
    expect(state).toMatchObject({ mode: "byo", allowed: true, active });
    expect(state.versions, "what was said of them holds").toEqual([active, previous]);
  });

  it("is not used when the upstream refuses it, and the old one goes on", async () => {
    const owner = await tenant();
    await owner.put(await bought());
    const refused = await owner.put("a-key-that-nobody-sold");
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({
      type: "https://tikedge.dev/problems/upstream-key-rejected",
      credits_charged: 0,
      probes: [{ endpoint: "/userid/", outcome: "account_error", credits_charged: 0, credits_in_doubt: 0 }],
    });
    expect(await owner.state()).toMatchObject({ active: { version: 1 }, versions: [{ reason: "rejected" }, {}] });
  });

  it("is refused when its credits end with the first probe, and the one that was spent is said", async () => {
    const owner = await tenant();
    const { status, body } = await owner.put(await bought({ credits: 1 }));
    expect(status).toBe(422);
    expect(body).toMatchObject({ credits_charged: 1 });
    await spent(owner.id, 2);
  });

  it("may be sent again under the same idempotency key when the upstream could not be asked", async () => {
    const owner = await tenant();
    const key = await bought();
    const once = { "idempotency-key": randomUUID() };
    await running().upstream.fault({ kind: "hang", key });
    const failed = await owner.put(key, once);
    expect(failed.status).toBe(503);
    expect(failed.headers.get("retry-after")).not.toBeNull();
    expect(failed.body).toMatchObject({
      type: "https://tikedge.dev/problems/upstream-key-not-probed",
      probes: [{ outcome: "timeout", credits_in_doubt: 1 }],
    });
    expect((await owner.state()).versions).toMatchObject([{ status: "invalid", reason: "not-probed" }]);
    expect((await owner.put(key, once)).status).toBe(200);
  });

  it("is probed once for a request that is repeated, which gets the first outcome", async () => {
    const owner = await tenant();
    const key = await bought();
    const once = { "idempotency-key": randomUUID() };
    const first = await owner.put(key, once);
    const again = await owner.put(key, once);
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ ...first.body, replayed: true });
    const refusal = { "idempotency-key": randomUUID() };
    await owner.put("a-key-that-nobody-sold", refusal);
    expect(await owner.put("a-key-that-nobody-sold", refusal)).toMatchObject({ status: 422, body: { replayed: true } });
    expect(await countedBy(key)).toMatchObject({ calls: 2 });
    await spent(owner.id, 3);
  });

  /** Brings a key, and returns while it is on trial. */
  const beginTrial = async (owner: Awaited<ReturnType<typeof tenant>>, key: string, headers = {}) => {
    await running().upstream.fault({ kind: "delay", delayMs: 800, key });
    const trial = owner.put(key, headers);
    await eventually(async () => expect((await owner.state()).versions[0]?.status).toBe("pending"));
    return { trial };
  };

  it("is probed once for a request that is sent again before it was answered", async () => {
    const owner = await tenant();
    const key = await bought();
    const once = { "idempotency-key": randomUUID() };
    const { trial } = await beginTrial(owner, key, once);
    const early = await owner.put(key, once);
    expect(early).toMatchObject({ status: 409, body: { type: "https://tikedge.dev/problems/upstream-key-on-trial" } });
    expect((await trial).status).toBe(200);
    expect(await owner.put(key, once)).toMatchObject({ status: 200, body: { replayed: true } });
    expect(await countedBy(key)).toMatchObject({ calls: 2 });
  });

  it("is on trial alone: one that is brought in the meantime is told so, and costs nothing", async () => {
    const owner = await tenant();
    const [first, second] = [await bought(), await bought()];
    const { trial } = await beginTrial(owner, first);
    expect((await owner.put(second)).status).toBe(409);
    expect((await trial).status).toBe(200);
    expect(await countedBy(second)).toMatchObject({ calls: 0 });
    expect((await owner.state()).versions).toHaveLength(1);
  });

  it("is one, however many are brought at the very same time", async () => {
    const owner = await tenant();
    const keys = await Promise.all(Array.from({ length: 5 }, () => bought()));
    const answers = await Promise.all(keys.map((key) => owner.put(key)));
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    const { active, versions } = await owner.state();
    expect(versions.filter(({ status }) => status === "active")).toEqual([active]);
  });

  it("may be brought after another one's probe was cut off, whose sealed key is erased then", async () => {
    const owner = await tenant();
    const lost = randomUUID();
    const { query } = books(running().stack.database.url);
    await query(
      `INSERT INTO app.upstream_keys (tenant_id, id, version, status, last4, download_tier, kek_version, wrap_iv, wrapped_key, iv, ciphertext, created_at)
       VALUES ($1, $2, 1, 'pending', 'lost', false, 1, 'x', 'x', 'x', 'x', now())`,
      [owner.id, lost],
    );
    const key = await bought();
    const refused = await owner.put(key);
    expect(refused).toMatchObject({
      status: 409,
      body: { type: "https://tikedge.dev/problems/upstream-key-on-trial" },
    });
    await query("UPDATE app.upstream_keys SET created_at = now() - interval '2 minutes' WHERE id = $1", [lost]);
    expect((await owner.put(key)).status).toBe(200);
    expect((await owner.state()).versions).toMatchObject([
      { version: 2, status: "active" },
      { version: 1, status: "invalid", reason: "not-probed" },
    ]);
    const [left] = await query<{ bytes: number }>(
      "SELECT octet_length(ciphertext || wrapped_key) AS bytes FROM app.upstream_keys WHERE id = $1",
      [lost],
    );
    expect(left?.bytes).toBe(0);
  });

  it("is given up for the platform's keys, which pay for the next call", async () => {
    const owner = await tenant();
    expect((await owner.remove()).status, "there is none yet").toBe(409);
    await owner.put(await bought());
    expect(await owner.remove()).toMatchObject({ status: 200, body: { status: "retired", reason: "removed" } });
    expect(await owner.state()).toMatchObject({ mode: "shared", active: null });
    await eventually(async () => {
      const name = `after${randomUUID().slice(0, 8)}`;
      expect((await running().gateway.get(`/userid/?username=${name}`, { key: owner.apiKey })).status).toBe(200);
      const events = await books(running().stack.database.url).events(owner.id);
      expect(events.some(({ upstream_key_id: id }) => id.startsWith("platform-"))).toBe(true);
    });
  });

  it.each([
    { body: {}, because: "it is missing" },
    { body: { key: "" }, because: "it is empty" },
    { body: { key: "with a space" }, because: "it holds a space" },
    { body: { key: "k".repeat(201) }, because: "it is too long" },
    { body: { key: "good-enough", plan: "enterprise" }, because: "something unknown stands beside it" },
  ])("is refused when $because, without being repeated", async ({ body }) => {
    const owner = await tenant();
    const refused = await control(running().gateway, owner.apiKey).put("/v1/upstream-key", { body });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).not.toContain("kkk");
    expect((await owner.state()).versions).toEqual([]);
  });

  it("leaves its secret in no row, log line or response", async () => {
    const { stack, gateway } = running();
    const owner = await tenant();
    const keys = [await bought(), "canary-of-a-key-that-nobody-sold"];
    const said: string[] = [];
    for (const key of keys) said.push(JSON.stringify(await owner.put(key, { "idempotency-key": randomUUID() })));
    said.push(JSON.stringify(await owner.state()), ...gateway.logs());
    said.push(...(await books(stack.database.url).everything()));
    for (const key of keys) expect(said.join("\n")).not.toContain(key);
  });
});
