import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { storeByoTenant, storeKey } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { BYO_KEY, startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";

const SETTINGS = { CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50", REWRAP_AT_ONCE: "5" };
const TENANTS = 8;

/** More than one call takes on, so that a rotation has a middle at which it can be cut off. */
describe("rotating the wrapping key", () => {
  let stack: Stack;
  let gateway: Gateway;
  let operator: ReturnType<typeof control>;
  let oldKek: string;
  let newKek: string;
  let tenants: readonly { readonly id: string; readonly apiKey: string }[];

  beforeAll(async () => {
    stack = await startStack();
    oldKek = stack.settings["KEY_ENCRYPTION_KEYS"] ?? "";
    newKek = `7:${randomBytes(32).toString("base64")}`;
    const stored = [];
    for (let at = 0; at < TENANTS; at += 1)
      stored.push(await storeByoTenant(stack, { clear: BYO_KEY, status: "active" }));
    tenants = stored;
    gateway = await startGateway(stack, { ...SETTINGS, KEY_ENCRYPTION_KEYS: `${oldKek},${newKek}` });
    operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
  });
  afterAll(async () => {
    await gateway.close();
    await stack.close();
  });

  const rotate = async () => {
    const { status, body } = await operator.post("/v1/wrapping-key/rotate");
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };
  const versions = async () => {
    const rows = await books(stack.database.url).query<{ kek_version: number; keys: number }>(
      `SELECT kek_version, count(*)::int AS keys FROM app.upstream_keys WHERE status IN ('pending', 'active')
       GROUP BY 1 ORDER BY 1`,
      [],
    );
    return Object.fromEntries(rows.map(({ kek_version: version, keys }) => [version, keys]));
  };
  const ask = (at: Gateway, key: string) => at.get(`/userid/?username=a${randomUUID().slice(0, 8)}`, { key });

  it("goes on while requests run and keys are brought, and every key opens at any moment", async () => {
    const before = await versions();
    expect(Object.keys(before), "all under the old one").toEqual(["1"]);
    const created = await operator.post("/v1/tenants", { body: { name: "New", plan: "pro" } });
    const apiKey = await storeKey(stack, { tenantId: String(created.body["id"]), permissions: ["data", "manage"] });
    const statuses: number[] = [];
    const end = new AbortController();
    const asking = (async () => {
      for (let at = 0; !end.signal.aborted; at += 1)
        statuses.push((await ask(gateway, tenants[at % TENANTS]?.apiKey ?? "")).status);
    })();
    const [first, brought] = await Promise.all([
      rotate(),
      control(gateway, apiKey).put("/v1/upstream-key", { body: { key: BYO_KEY } }),
    ]);
    expect(first).toMatchObject({ version: 7, rewrapped: 5, unreadable: 0 });
    expect(first["remaining"]).toBeGreaterThan(0);
    expect(brought.status).toBe(200);
    await eventually(async () => expect(statuses.length).toBeGreaterThan(2 * TENANTS));
    end.abort();
    await asking;
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it("is taken up where it was cut off, and two at once do it once", async () => {
    const left = Number((await versions())["1"]);
    const both = await Promise.all([rotate(), rotate()]);
    const rewrapped = both.reduce((sum, { rewrapped: each }) => sum + Number(each), 0);
    expect(rewrapped, "none twice").toBe(left);
    expect(await rotate()).toMatchObject({ version: 7, rewrapped: 0, remaining: 0 });
    expect(await versions()).toEqual({ 7: TENANTS + 2 });
  });

  it("leaves keys that open without the old wrapping key, which may go then", async () => {
    const later = await startGateway(stack, { ...SETTINGS, KEY_ENCRYPTION_KEYS: newKek });
    try {
      const statuses: number[] = [];
      for (const { apiKey } of [...tenants, stack.tenant("byo")]) statuses.push((await ask(later, apiKey)).status);
      expect(new Set(statuses)).toEqual(new Set([200]));
    } finally {
      await later.close();
    }
  });

  it("says what it cannot open and leaves it as it is, because its wrapping key may come back", async () => {
    const { query } = books(stack.database.url);
    const [tenant] = tenants;
    await query("UPDATE app.upstream_keys SET kek_version = 3 WHERE tenant_id = $1", [tenant?.id]);
    expect(await rotate()).toMatchObject({ rewrapped: 0, unreadable: 1, remaining: 1 });
    expect(await versions()).toMatchObject({ 3: 1 });
  });

  it("is in the platform's log, and nobody's but the operator's to do", async () => {
    const { body } = await operator.get("/v1/audit");
    expect(body["data"]).toMatchObject([{ action: "wrapping-key.rotate", detail: { version: 7 } }, {}, {}, {}, {}]);
    const refused = await control(gateway, stack.tenant("byo").apiKey).post("/v1/wrapping-key/rotate");
    expect(refused.status).toBe(403);
  });

  it("is not held up by what it cannot open, though that is more than one call takes on", async () => {
    const { query } = books(stack.database.url);
    await query("UPDATE app.upstream_keys SET kek_version = 0 WHERE status = 'active'", []);
    await storeByoTenant(stack, { clear: BYO_KEY, status: "active" });
    expect(await versions()).toEqual({ 0: TENANTS + 2, 1: 1 });
    expect(await rotate()).toMatchObject({ rewrapped: 1 });
    expect(await versions()).toEqual({ 0: TENANTS + 2, 7: 1 });
  });
});
