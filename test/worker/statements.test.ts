import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseApiKey } from "../../src/core/api-key.ts";
import { canonicalJson } from "../../src/core/canonical-json.ts";
import { utcDay } from "../../src/core/key-rights.ts";
import { monthOf, monthsAfter } from "../../src/core/utc.ts";
import { books } from "../support/books.ts";
import { storeKey, storeSharedTenant } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { upstreamControl } from "../support/upstream-control.ts";
import { startReceiver, verified } from "../support/webhook-receiver.ts";

let stack: Stack;
let gateway: Gateway;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  [stack, receiver] = await Promise.all([startStack(), startReceiver()]);
  gateway = await startGateway(stack, {
    HITS_FLUSH_MS: "100",
    WEBHOOK_TARGETS: "any",
    INVOICE_CLOSE_MS: "0",
    BALANCE_WATCH_MS: "0",
  });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([stack.close(), receiver.close()]);
});

const [today, month] = [utcDay(Date.now()), monthOf(Date.now())];
const operator = () => control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");

/** A tenant of the plan `pro` with its own manager. */
async function tenant() {
  const { id, apiKey } = await storeSharedTenant(stack, "pro");
  return { id, apiKey, api: control(gateway, await storeKey(stack, { tenantId: id, permissions: ["manage"] })) };
}

describe("what a tenant used", () => {
  it("is shown from the calls themselves: charged, in doubt, saved, and the same on usage and invoice", async () => {
    const { id, apiKey, api } = await tenant();
    const get = (path: string) => gateway.get(path, { key: apiKey });
    await get("/userid/?username=stated");
    for (let times = 0; times < 3; times += 1) await get("/userid/?username=stated");
    await upstreamControl(stack.upstream.url).fault({ kind: "garbage", times: 1, path: "/userinfo-by-username/" });
    await get("/userinfo-by-username/?username=stated");

    const counts = {
      calls: 2,
      credits_charged: 1,
      credits_on_own_key: 0,
      credits_in_doubt: 1,
      hits: 3,
      credits_saved: 3,
    };
    const used = { ...counts, hit_ratio: 0.6 };
    const worth = {
      ...used,
      hits_by_tier: { memory: 3, colo: 0, redis: 0, joined: 0, stale: 0 },
      amount_cents: 0.1,
    };
    await eventually(async () => {
      const { body } = await operator().get("/v1/usage?group=endpoint", { tenant: id });
      expect(body["total"]).toEqual(worth);
      expect(body["data"]).toMatchObject([
        { group: "/userid/", calls: 1, credits_charged: 1, hits: 3, hit_ratio: 0.75 },
        { group: "/userinfo-by-username/", calls: 1, credits_charged: 0, credits_in_doubt: 1, hit_ratio: 0 },
      ]);
    });
    // Of the requests themselves, by the key that asked and by where the answer was from.
    await eventually(async () => {
      const { body: byKey } = await operator().get("/v1/usage?group=key", { tenant: id });
      expect(byKey["data"]).toEqual([{ group: parseApiKey(apiKey)?.keyId, ...worth }]);
      const { body: took } = await operator().get("/v1/latency", { tenant: id });
      const ms = { p50_ms: expect.any(Number), p95_ms: expect.any(Number), p99_ms: expect.any(Number) };
      expect([took["data"], took["total"]]).toEqual([
        [
          { group: "memory", count: 3, ...ms },
          { group: "upstream", count: 2, ...ms },
        ],
        { count: 5, ...ms },
      ]);
    });
    const { body: quota } = await api.get("/v1/quota");
    expect(quota).toMatchObject({
      source: "ledger",
      data: [
        { policy: "burst", limit: 600 },
        { policy: "daily", limit: null, used: 2, remaining: null },
        { policy: "monthly", limit: 250_000, used: 2, remaining: 249_998 },
      ],
    });
    const byDay = await api.get(`/v1/usage?from=${today}&to=${today}`);
    expect(byDay.body["data"]).toEqual([{ group: today, ...worth }]);
    expect((await api.get(`/v1/invoices/${month}`)).body).toMatchObject({
      status: "open",
      number: 1,
      total: used,
      price_cents: 4_900,
      amount_cents: 4_900,
    });
  });
});

describe("an invoice", () => {
  it("is closed by the cron, never moves, can be checked by whoever has it, and comes as CSV", async () => {
    const { id, api } = await tenant();
    const last = monthsAfter(month, -1);
    const { query } = books(stack.database.url);
    await query("UPDATE app.tenants SET created_at = $2, name = '=1+1' WHERE id = $1", [id, `${last}-05T00:00:00Z`]);
    const spend = (credits: number) =>
      query(
        `INSERT INTO app.usage_daily_rollup VALUES ($1, $2, '/userid/', $3, $3, 0, 0, 0) ON CONFLICT (tenant_id, day, endpoint)
         DO UPDATE SET calls = usage_daily_rollup.calls + $3, credits_charged = usage_daily_rollup.credits_charged + $3`,
        [id, `${last}-07`, credits],
      );
    await spend(250_000);
    expect((await api.get(`/v1/invoices/${last}`)).body).toMatchObject({ status: "closing", checksum: null });
    await gateway.runCrons();
    const { body: closed } = await api.get(`/v1/invoices/${last}`);
    expect(closed).toMatchObject({ status: "closed", amount_cents: 4_900 });
    const { checksum, ...document } = closed;
    expect(createHash("sha256").update(canonicalJson(document)).digest("hex")).toBe(checksum);

    await spend(2_000);
    await gateway.runCrons();
    expect((await api.get(`/v1/invoices/${last}`)).body).toEqual(closed);
    expect((await api.get(`/v1/invoices/${month}`)).body).toMatchObject({
      adjustments: [{ of_month: last, credits_charged: 2_000, amount_cents: 200 }],
      amount_cents: 5_100,
    });
    expect((await api.get("/v1/invoices")).body["data"]).toMatchObject([
      { month, number: 2, status: "open" },
      { month: last, number: 1, status: "closed", checksum },
    ]);

    const key = await storeKey(stack, { tenantId: id, permissions: ["manage"] });
    const csv = await gateway.get(`/v1/invoices/${last}`, { key, headers: { accept: "text/csv" } });
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(await csv.text()).toContain(`\r\n${id},"'=1+1",${last},1,closed,`);
  });

  it("outlives its tenant for the operator", async () => {
    const { id } = await tenant();
    await operator().delete(`/v1/tenants/${id}`, { body: {} });
    const kept = await operator().get(`/v1/invoices/${month}`, { tenant: id });
    expect([kept.status, kept.body["tenant_id"]]).toEqual([200, id]);
    expect((await operator().get("/v1/usage", { tenant: id })).status).toBe(200);
  });
});

describe("a platform key's balance", () => {
  it("is estimated from the last reading, and the operator's webhook hears of it before it is gone, once", async () => {
    const { body: keys } = await operator().get("/v1/platform-keys");
    const id = (keys["data"] as readonly { readonly id: string }[])[0]?.id;
    const path = `/v1/platform-keys/${id}`;
    const { body: webhook } = await operator().post("/v1/webhooks", {
      body: { url: `${receiver.url}/operator`, events: ["platform_key.balance_low"] },
    });
    expect((await operator().post(`${path}/readings`, { body: { balance: 100_000 } })).status).toBe(201);

    const { apiKey } = await tenant();
    await gateway.get("/userid/?username=balanced", { key: apiKey });
    await eventually(async () => {
      const { body } = await operator().get(`${path}/balance`);
      expect(body).toMatchObject({ estimated_balance: 99_999, least_balance: 99_999 });
    });
    const { body: reading } = await operator().post(`${path}/readings`, { body: { balance: 100 } });
    expect(reading).toMatchObject({
      spent_by_reading: 99_900,
      credits_charged: 1,
      difference: 99_899,
      explained: false,
    });

    await gateway.runCrons();
    const [received] = await eventually(async () => {
      expect(receiver.received("/operator")).toHaveLength(1);
      return receiver.received("/operator");
    });
    if (received === undefined) throw new Error("nothing was received");
    expect(verified(String(webhook["secret"]), received)).toMatchObject({
      id: reading["id"],
      type: "platform_key.balance_low",
      data: { upstream_key_id: id, estimated_balance: 100 },
    });
  });
});
