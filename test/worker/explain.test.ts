import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storeKey, storeSharedTenant } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, type Gateway, type Stack } from "../support/gateway.ts";
import { useGateway } from "../support/use-gateway.ts";

const HOUR_MS = 3_600_000;
const ENDPOINT = "userinfo-by-username";
const callOf = (username: string) => `/${ENDPOINT}/?username=${username}`;
const explainOf = (call: string) => `/v1/explain?path=${encodeURIComponent(call)}`;

/** An entry is aged by hand right after it was stored: the note of that would keep its refresh away. */
const SETTINGS = { STORED_NOTE_MS: "0" };
const running = useGateway(SETTINGS);
const elsewhere = { near: undefined as Gateway | undefined, far: undefined as Gateway | undefined };
let tenant: { readonly id: string; readonly apiKey: string };

beforeAll(async () => {
  const { stack } = running();
  tenant = await storeSharedTenant(stack, "pro");
  elsewhere.near = await startGateway(stack, SETTINGS);
  elsewhere.far = await startGateway(stack, { ...SETTINGS, MEMORY_MS: "0" });
});
afterAll(async () => {
  await Promise.all([elsewhere.near?.close(), elsewhere.far?.close()]);
});

/** A Worker that has read nothing yet, and one that asks Redis each time. */
function worker(which: keyof typeof elsewhere): Gateway {
  const gateway = elsewhere[which];
  if (gateway === undefined) throw new Error("the Workers are used outside a test");
  return gateway;
}

const operatorAt = (gateway: Gateway) => control(gateway, running().stack.settings["ADMIN_TOKEN"] ?? "");

async function explained(gateway: Gateway, call: string) {
  const { status, body } = await operatorAt(gateway).get(explainOf(call), { tenant: tenant.id });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** What is said of a call beforehand, and what its response then says. */
async function both(gateway: Gateway, call: string) {
  const { would, because, tier } = await explained(gateway, call);
  const response = await gateway.get(call, { key: tenant.apiKey });
  const said = response.headers.get("cache-status")?.replace(/ttl=-?\d+/, "ttl=…") ?? `${response.status}`;
  return [would, because, tier, said];
}

const grow = (stack: Stack, username: string, ms: number) =>
  stack.rewriteEntry(ENDPOINT, username, (head) => ({
    ...head,
    fetchedAtMs: Number(head["fetchedAtMs"]) - ms,
    reservedAtMs: Number(head["reservedAtMs"]) - ms,
  }));

/** Everything that Redis holds, but for the buckets of the control plane's own callers. */
async function redisState(stack: Stack): Promise<ReadonlyMap<string, string | undefined>> {
  const redis = new Redis(stack.redis.url);
  try {
    const names = (await redis.keys("*")).filter((name) => !name.includes("control:")).toSorted();
    const values = await Promise.all(names.map(async (name) => (await redis.dumpBuffer(name))?.toString("base64")));
    return new Map(names.map((name, at) => [name, values[at]]));
  } finally {
    redis.disconnect();
  }
}

describe("what is said of a call before it is made", () => {
  it("is what its Cache-Status then says: a miss, a hit nearby, a hit far away, stale, and a last resort", async () => {
    const { stack, gateway } = running();
    const call = callOf("walked");
    expect(await both(gateway, call)).toEqual([
      "fetch",
      "absent",
      null,
      "tikedge; fwd=uri-miss; fwd-status=200; stored; ttl=…",
    ]);
    expect(await both(gateway, call)).toEqual(["hit", "fresh", "memory", "tikedge; hit; ttl=…; detail=memory"]);
    await eventually(async () => {
      expect((await explained(worker("near"), call))["would"], "it is stored behind the response").toBe("hit");
    });
    expect(await both(worker("near"), call)).toEqual(["hit", "fresh", "redis", "tikedge; hit; ttl=…; detail=redis"]);
    expect(await both(worker("near"), call)).toEqual(["hit", "fresh", "memory", "tikedge; hit; ttl=…; detail=memory"]);

    await grow(stack, "walked", HOUR_MS + 35_000);
    expect(await both(worker("far"), call)).toEqual([
      "stale",
      "past-its-time",
      "redis",
      "tikedge; hit; ttl=…; detail=swr",
    ]);
    await eventually(async () => {
      expect((await explained(worker("far"), call))["would"], "it is refreshed").toBe("hit");
    });
    await grow(stack, "walked", 3 * HOUR_MS);
    expect((await both(worker("far"), call)).slice(0, 2)).toEqual(["fetch", "past-its-time"]);
  });

  it("is a refusal by the quota that is spent, and an answer past its time where there is one", async () => {
    const { stack, gateway } = running();
    const kept = callOf("kept");
    await gateway.get(kept, { key: tenant.apiKey });
    await grow(stack, "kept", 3 * HOUR_MS);
    const operator = operatorAt(worker("far"));
    const { status } = await operator.patch(`/v1/tenants/${tenant.id}`, { body: { monthly_quota: 1 } });
    expect(status).toBe(200);
    let asked = 0;
    await eventually(async () => {
      const response = await worker("far").get(callOf(`unseen${(asked += 1)}`), { key: tenant.apiKey });
      expect(response.status, "the quota is known").toBe(429);
    });
    expect(await both(worker("far"), callOf("refused"))).toEqual(["refuse", "monthly", null, "429"]);
    expect(await both(worker("far"), kept)).toEqual([
      "last-resort",
      "monthly",
      null,
      "tikedge; hit; ttl=…; detail=quota",
    ]);
  });

  it("agrees with the response on age, rest, validator and length", async () => {
    const { gateway, shared: key } = running();
    const call = callOf("measured");
    const response = await gateway.get(call, { key });
    const bytes = (await response.arrayBuffer()).byteLength;
    const { cached, retrievable_until: until } = await explained(gateway, call);
    expect(cached).toMatchObject({
      memory: {
        state: "present",
        standing: "fresh",
        trusted: true,
        purged: "none",
        kind: "answer",
        derived: false,
        class: "userinfo",
        status: 200,
        etag: response.headers.get("etag"),
        body_bytes: bytes,
      },
    });
    const { memory } = cached as { memory: { age_seconds: number; ttl_seconds: number } };
    expect(memory.age_seconds + memory.ttl_seconds).toBe(3_600);
    expect(Date.parse(String(until))).toBeGreaterThan(Date.now());
  });
});

describe("saying it", () => {
  it("spends nothing and changes nothing: no call, no credit, no token of the tenant's, nothing kept or counted", async () => {
    const { stack, gateway, upstream, shared } = running();
    const calls = [
      callOf("measured"),
      callOf("never_asked"),
      "/download-video/?url=https://www.tiktok.com/@a/video/73",
    ];
    await gateway.get(callOf("measured"), { key: shared });
    const tenant = control(gateway, shared);
    // What earlier requests left behind their responses ends by itself: what explaining does would not.
    await eventually(async () => {
      const [before, spent] = [await redisState(stack), await upstream.calls()];
      for (const call of [...calls, ...calls]) expect((await tenant.get(explainOf(call))).status).toBe(200);
      expect(await upstream.calls()).toBe(spent);
      // What was there may have expired meanwhile.
      for (const [name, value] of await redisState(stack)) expect(value, name).toBe(before.get(name));
    });
    const response = await gateway.get(callOf("never_asked"), { key: shared });
    expect(response.headers.get("cache-status"), "nothing was warmed either").toContain("fwd=uri-miss");
  });

  it("shows the operator where the answer is, and no tenant", async () => {
    const { stack, gateway, shared } = running();
    const call = callOf("keyed");
    await gateway.get(call, { key: shared });
    const { id } = stack.tenant("shared");
    const { body } = await operatorAt(gateway).get(explainOf(call), { tenant: id });
    const { redis: name, digest } = body["key"] as { redis: string; digest: string };
    const redis = new Redis(stack.redis.url);
    try {
      await eventually(async () => expect(await redis.exists(name)).toBe(1));
    } finally {
      redis.disconnect();
    }
    const dataKey = await storeKey(stack, { tenantId: id, permissions: ["data"] });
    for (const credential of [shared, dataKey]) {
      const { status, body } = await control(gateway, credential).get(explainOf(call));
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain(digest);
      expect(body).not.toHaveProperty("key");
    }
  });
});

describe("while Redis does not answer", () => {
  const alone = useGateway({ MEMORY_MS: "1" });

  const breakRedis = async ({ upstash, redisToken }: Stack, method: "POST" | "DELETE") => {
    const headers = { authorization: `Bearer ${redisToken}` };
    const body = method === "POST" ? { body: JSON.stringify({ times: null, kind: "down" }) } : {};
    expect((await fetch(new URL("/__faults", upstash.url), { method, headers, ...body })).ok).toBe(true);
  };

  it("the tiers that answer are shown, and what they are good for is what then happens", async () => {
    const { stack, gateway, shared: key } = alone();
    const [kept, unseen] = [callOf("outlasting"), callOf("unseen")];
    await gateway.get(kept, { key });
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    const said = async (call: string) => {
      const { status, body } = await operator.get(explainOf(call), { tenant: stack.tenant("shared").id });
      return { status, ...body };
    };
    await breakRedis(stack, "POST");
    try {
      const redis = { state: "unavailable" };
      const memory = { state: "present", standing: "fresh", trusted: false };
      expect(await said(kept)).toMatchObject({
        status: 200,
        would: "hit",
        because: "outage",
        tier: "memory",
        cached: { memory, redis },
        limits: { source: "books" },
      });
      expect((await gateway.get(kept, { key })).headers.get("cache-status")).toContain("detail=outage");
      const absent = { state: "absent" };
      expect(await said(unseen)).toMatchObject({
        status: 200,
        would: "refuse",
        because: "cache-unavailable",
        cached: { memory: absent, redis },
        retrievable_until: null,
      });
      expect((await gateway.get(unseen, { key })).status).toBe(503);
    } finally {
      await breakRedis(stack, "DELETE");
    }
  });
});
