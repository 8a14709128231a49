import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { UpstreamKeyView } from "../../src/core/resources.ts";
import { books } from "../support/books.ts";
import { storeKey } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { useGateway } from "../support/use-gateway.ts";

const FAST = { CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50", PROBING_MS: "4000" };
/** How long a probe is held up, so that something can happen during a trial. */
const TRIAL_MS = 1_500;
/** Words of the one statement that makes a pending key the active one. */
const SWAP = "SET key_mode = 'byo'";

/** Money is exact after all of these: `useGateway` looks. */
describe("a key that is brought while something else happens", () => {
  const running = useGateway(FAST);
  let operator: ReturnType<typeof control>;
  beforeAll(() => {
    operator = control(running().gateway, running().stack.settings["ADMIN_TOKEN"] ?? "");
  });

  const breakPostgres = async (fault?: Readonly<Record<string, unknown>>) => {
    const init = fault === undefined ? { method: "DELETE" } : { method: "POST", body: JSON.stringify(fault) };
    expect((await fetch(new URL("/__faults", running().stack.neon.url), init)).ok).toBe(true);
  };
  afterEach(() => breakPostgres());

  const bought = async () => {
    const key = `bought-${randomUUID()}`;
    await running().upstream.setKey({ key, state: "active", credits: null, downloadTier: true });
    return key;
  };
  /** A tenant that pays with a key of its own, by the operator's hand. */
  const owner = async () => {
    const { body } = await operator.post("/v1/tenants", { body: { name: "Owner", plan: "pro" } });
    const tenant = String(body["id"]);
    const put = (key: string, headers: Readonly<Record<string, string>> = {}) =>
      operator.put("/v1/upstream-key", { tenant, body: { key }, headers });
    const state = async () => v.parse(UpstreamKeyView, (await operator.get("/v1/upstream-key", { tenant })).body);
    expect((await put(await bought())).status).toBe(200);
    return {
      id: tenant,
      put,
      state,
      /** Brings another key, and returns while it is on trial. */
      bringing: async () => {
        const key = await bought();
        await running().upstream.fault({ kind: "delay", delayMs: TRIAL_MS, key });
        const trial = put(key);
        await eventually(async () => expect((await state()).versions[0]?.status).toBe("pending"));
        return { trial };
      },
      secrets: async () => {
        const { query } = books(running().stack.database.url);
        const rows = await query<{ bytes: number }>(
          "SELECT octet_length(ciphertext || wrapped_key) AS bytes FROM app.upstream_keys WHERE tenant_id = $1 ORDER BY version",
          [tenant],
        );
        return rows.map(({ bytes }) => bytes > 0);
      },
      events: () => books(running().stack.database.url).events(tenant),
    };
  };

  it("pays when its swap was committed and the word of it lost, and the request sent again says so, for no other credit", async () => {
    const { id, put, state, events } = await owner();
    const [key, once] = [await bought(), { "idempotency-key": randomUUID() }];
    await breakPostgres({ kind: "drop-reply", contains: SWAP });
    expect((await put(key, once)).status).toBe(503);
    expect(await state()).toMatchObject({ active: { version: 2 }, versions: [{}, { status: "retired" }] });
    expect(await put(key, once)).toMatchObject({ status: 200, body: { replayed: true, active: { version: 2 } } });
    const apiKey = await storeKey(running().stack, { tenantId: id });
    expect((await running().gateway.get("/userid/?username=swapped", { key: apiKey })).status).toBe(200);
    expect((await running().upstream.meter()).keys[key]).toMatchObject({ calls: 3, charged: 3 });
    await eventually(async () => expect(await events()).toHaveLength(5));
  });

  it("does not pay when its swap was never committed; the old one goes on, and it may be brought again once its trial counts as over", async () => {
    const { put, state, secrets } = await owner();
    const key = await bought();
    await breakPostgres({ kind: "down", contains: SWAP });
    expect((await put(key)).status).toBe(503);
    expect(await state()).toMatchObject({ active: { version: 1 }, versions: [{ status: "pending" }, {}] });
    expect((await put(key)).status).toBe(409);
    await eventually(async () => expect((await put(key)).status).toBe(200));
    expect(await state()).toMatchObject({ active: { version: 3 }, versions: [{}, { reason: "not-probed" }, {}] });
    expect(await secrets(), "of the active one alone").toEqual([false, false, true]);
  });

  it("is not made the active one for a tenant whose plan ended in the meantime, and erased with the old one", async () => {
    const { id, bringing, state, secrets } = await owner();
    const { trial } = await bringing();
    expect((await operator.patch(`/v1/tenants/${id}`, { body: { plan: "free" } })).status).toBe(200);
    expect((await trial).status).toBe(409);
    expect(await state()).toMatchObject({ mode: "shared", allowed: false, active: null });
    expect(await secrets()).toEqual([false, false]);
  });

  it("is erased with a tenant that was deleted in the meantime, whose probes are booked all the same", async () => {
    const { id, bringing, secrets, events } = await owner();
    const { trial } = await bringing();
    expect((await operator.delete(`/v1/tenants/${id}`)).status).toBe(200);
    expect([404, 409]).toContain((await trial).status);
    expect(await secrets()).toEqual([false, false]);
    // The two of its first key, and the one that was under way: for the next the ledger knew that the tenant is gone.
    await eventually(async () => expect(await events()).toHaveLength(3));
  });

  it("gives way when the old one was given up in the meantime, because nobody has said what it is to replace", async () => {
    const { id: tenant, bringing, state, secrets } = await owner();
    const { trial } = await bringing();
    expect((await operator.delete("/v1/upstream-key", { tenant })).status).toBe(200);
    expect((await trial).status).toBe(409);
    expect(await state()).toMatchObject({ mode: "shared", active: null, versions: [{ reason: "overtaken" }, {}] });
    expect(await secrets()).toEqual([false, false]);
  });
});
