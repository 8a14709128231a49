import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { PLATFORM } from "../../src/core/act.ts";
import { books } from "../support/books.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { useGateway } from "../support/use-gateway.ts";

const KEYS = ["first-platform-key", "second-platform-key", "third-platform-key"] as const;
const [FIRST, SECOND, THIRD] = KEYS;
const active = { state: "active", credits: null, downloadTier: true } as const;
const suspended = { ...active, state: "suspended" } as const;

let number = 0;
/** A call that no other test makes. */
const unasked = () => `/userid/?username=spread${(number += 1)}`;

describe("several platform keys", () => {
  const OUT_MS = 1_500;
  const running = useGateway({
    TIKLIVE_KEY: KEYS.join(","),
    // More than the tests ask for in a minute, however fast they are: a key without room looks like one that is out.
    PLATFORM_KEY_CAPS: "2000,1000,1000",
    PLATFORM_KEY_OUT_MS: String(OUT_MS),
  });

  const reset = async () => {
    await Promise.all(KEYS.map((key) => running().upstream.setKey({ key, ...active })));
  };
  beforeAll(reset);
  afterEach(async () => {
    await reset();
    // A key that is out serves again when nothing else is left or its time is over: then the next test begins with all of them.
    await eventually(async () => {
      if ((await callsIn(6)).includes(0)) throw new Error("a key is still out");
    });
  });

  /** Makes calls one after the other, all of them served, and says how many of them each key paid for. */
  const callsIn = async (times: number): Promise<readonly number[]> => {
    const { gateway, upstream, shared } = running();
    const before = await upstream.meter();
    for (let time = 0; time < times; time++) {
      const response = await gateway.get(unasked(), { key: shared });
      expect(response.status).toBe(200);
      expect(response.headers.get("x-credits-charged")).toBe("1");
    }
    const after = await upstream.meter();
    return KEYS.map((key) => (after.keys[key]?.charged ?? 0) - (before.keys[key]?.charged ?? 0));
  };

  const timesTold = () =>
    running()
      .gateway.logs()
      .filter((line) => line.includes("platform-key-out")).length;

  it("share the load by their caps, because each has a limit of its own", async () => {
    const paid = await callsIn(40);
    // Two off at the most: a minute may end in between, and each begins anew.
    for (const [at, share] of [20, 10, 10].entries()) expect(Math.abs((paid[at] ?? 0) - share)).toBeLessThanOrEqual(2);
  });

  it.each(["suspended", "exhausted"])(
    "serve on when one is %s: no tenant sees it, it is taken out and the operator told",
    async (state) => {
      const { upstream, stack } = running();
      const before = timesTold();
      await upstream.setKey({ key: SECOND, ...active, state });
      const [, second] = await callsIn(8);
      expect(second).toBe(0);
      await eventually(async () => expect(timesTold()).toBeGreaterThan(before));
      const refused = await eventually(async () => {
        const events = await books(stack.database.url).events(stack.tenant("shared").id);
        const refusals = events.filter(({ outcome }) => outcome === "account_error");
        expect(refusals.length).toBeGreaterThan(0);
        return { refusals, events };
      });
      for (const refusal of refused.refusals) {
        expect(refusal).toMatchObject({ credits_charged: 0, credits_in_doubt: 0 });
        const ofRequest = refused.events.filter(({ request_id }) => request_id === refusal.request_id);
        expect(ofRequest.map(({ outcome }) => outcome).toSorted()).toEqual(["account_error", "success"]);
      }
    },
  );

  it("are asked again when their time out is over", async () => {
    const { upstream } = running();
    await upstream.setKey({ key: SECOND, ...suspended });
    await callsIn(4);
    await upstream.setKey({ key: SECOND, ...active });
    await eventually(async () => expect((await callsIn(4))[1]).toBeGreaterThan(0));
  });

  it("are refused as one when all are: 503, nothing of it shown or kept, and served again at once when one is good", async () => {
    const { gateway, upstream, shared } = running();
    await Promise.all(KEYS.map((key) => upstream.setKey({ key, ...suspended })));
    const call = unasked();
    const response = await gateway.get(call, { key: shared });
    expect(response.status).toBe(503);
    const body = await response.text();
    expect(body).toContain("upstream-account");
    expect(body).not.toMatch(/suspended|platform-/);
    await Promise.all(KEYS.map((key) => upstream.setKey({ key, ...active })));
    const healed = await gateway.get(call, { key: shared });
    expect(healed.status).toBe(200);
    expect(healed.headers.get("cache-status")).toContain("fwd=uri-miss");
  });

  it("leave a tenant that brings its own alone, whatever becomes of them", async () => {
    const { gateway, upstream, byo } = running();
    await Promise.all(KEYS.map((key) => upstream.setKey({ key, ...suspended })));
    const response = await gateway.get(unasked(), { key: byo });
    expect(response.status).toBe(200);
  });
});

describe("a platform key that is out", () => {
  const running = useGateway({ TIKLIVE_KEY: [FIRST, THIRD].join(","), PLATFORM_KEY_OUT_MS: "600000" });
  beforeAll(() => Promise.all([FIRST, THIRD].map((key) => running().upstream.setKey({ key, ...active }))));

  it("is asked no more once it was refused, and told once, however many asked it at the same time", async () => {
    const { stack, gateway, upstream, shared } = running();
    await upstream.setKey({ key: FIRST, ...suspended });
    await Promise.all(Array.from({ length: 20 }, () => gateway.get(unasked(), { key: shared })));
    const { query } = books(stack.database.url);
    const told = await eventually(async () => {
      const rows = await query<{ id: string; data: object }>(
        "SELECT id, data FROM app.webhook_events WHERE tenant_id = $1 AND type = 'platform_key.out'",
        [PLATFORM],
      );
      expect(rows).toHaveLength(1);
      return rows;
    });
    const asked = (await upstream.meter()).keys[FIRST]?.calls ?? 0;
    await upstream.setKey({ key: FIRST, ...active });
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async () => (await gateway.get(unasked(), { key: shared })).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect((await upstream.meter()).keys[FIRST]?.calls).toBe(asked);
    const [noted, ...more] = await query<{ detail: object }>(
      "SELECT subject AS upstream_key_id, detail FROM app.audit_log WHERE tenant_id = $1 AND action = 'platform-key.take-out'",
      [PLATFORM],
    );
    expect(more).toEqual([]);
    expect({ ...noted, ...noted?.detail }).toMatchObject(told[0]?.data ?? {});
    expect(gateway.logs().filter((line) => line.includes("platform-key-out"))).toHaveLength(1);
  });

  it("is shown to the operator with its reason, and put back in by hand, once per idempotency key", async () => {
    const { stack, gateway, upstream, shared } = running();
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    const { body } = await operator.get("/v1/platform-keys");
    const inUse = { state: "in-use", reason: null, until: null };
    expect(body).toEqual({
      data: [
        {
          id: expect.stringMatching(/^platform-[0-9a-f]{8}$/),
          load: expect.any(Number),
          cap: 2_000,
          state: "out",
          reason: "200: Your account is suspended",
          until: expect.stringMatching(/Z$/),
        },
        { id: expect.any(String), load: expect.any(Number), cap: 200, ...inUse },
      ],
      next_cursor: null,
    });
    const id = (body["data"] as readonly { readonly id: string }[])[0]?.id;
    const path = `/v1/platform-keys/${id}/restore`;
    const headers = { "idempotency-key": "back-in" };
    const restored = await operator.post(path, { headers });
    expect(restored).toMatchObject({ status: 200, body: { id, ...inUse } });
    const again = await operator.post(path, { headers });
    expect(again).toMatchObject({ status: 200, body: { ...restored.body, replayed: true } });
    const acts = await books(stack.database.url).query(
      "SELECT actor_kind FROM app.audit_log WHERE tenant_id = $1 AND action = 'platform-key.restore'",
      [PLATFORM],
    );
    expect(acts).toEqual([{ actor_kind: "operator" }]);
    const before = (await upstream.meter()).keys[FIRST]?.charged ?? 0;
    for (let time = 0; time < 3; time++) await gateway.get(unasked(), { key: shared });
    expect((await upstream.meter()).keys[FIRST]?.charged).toBeGreaterThan(before);
  });

  it.each([
    { id: "platform-00000000", status: 404, because: "the platform has no such key" },
    { id: "first-platform-key", status: 400, because: "it is no id" },
  ])("is not put back in as $id: $because", async ({ id, status }) => {
    const { stack, gateway } = running();
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    expect((await operator.post(`/v1/platform-keys/${id}/restore`)).status).toBe(status);
  });

  it("is nothing that a tenant learns of", async () => {
    const { gateway, shared, byo } = running();
    for (const key of [shared, byo]) expect((await control(gateway, key).get("/v1/platform-keys")).status).toBe(403);
  });
});
