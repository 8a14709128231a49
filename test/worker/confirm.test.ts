import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseApiKey } from "../../src/core/api-key.ts";
import { APPENDING } from "../support/redis-faults.ts";
import { storeKey, storeSharedTenant } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { steadyLoad, type Seen } from "../support/steady-load.ts";

const CALL = "/userid/?username=confirmed";

const KEY_FRESH_MS = 3_000;
/** The bound while Redis is down, with a second for what the machine is busy with. */
const BOUND_MS = KEY_FRESH_MS + 1_000;

/** A tenant with a key that is revoked, and another one. */
type Cast = { readonly tenantId: string; readonly key: string; readonly other: string };

describe("what is changed is known to two Workers under load", () => {
  let stack: Stack;
  let gateways: readonly [Gateway, Gateway];
  let operator: ReturnType<typeof control>;
  let direct: Redis;
  /** Of the test, and as many as it needs. */
  let cast: Cast;
  let load: ReturnType<typeof steadyLoad> | undefined;

  beforeAll(async () => {
    stack = await startStack();
    direct = new Redis(stack.redis.url);
    const settings = { KEY_FRESH_MS: String(KEY_FRESH_MS) };
    gateways = await Promise.all([startGateway(stack, settings), startGateway(stack, settings)]);
    operator = control(gateways[0], stack.settings["ADMIN_TOKEN"] ?? "");
  });
  beforeEach(async () => {
    cast = await newCast();
  });
  afterEach(async () => {
    await load?.stop();
    load = undefined;
    await faults("DELETE");
  });
  afterAll(async () => {
    direct.disconnect();
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await stack.close();
  });

  const newCast = async (): Promise<Cast> => {
    const { id: tenantId, apiKey: other } = await storeSharedTenant(stack, "enterprise");
    return { tenantId, key: await storeKey(stack, { tenantId }), other };
  };
  /** All keys are known to both Workers and in Redis, and for so long that they count only because the log vouches for them. */
  const startLoad = async (casts: readonly Cast[] = [cast]) => {
    const keys = casts.flatMap(({ key, other }) => [key, other]);
    for (const gateway of gateways)
      for (const each of keys) expect((await gateway.get(CALL, { key: each })).status).toBe(200);
    load = steadyLoad(gateways, keys, CALL);
    await pause(KEY_FRESH_MS + 500);
    return load;
  };
  const revoke = async ({ tenantId, key } = cast) =>
    done(await operator.delete(`/v1/keys/${parseApiKey(key)?.keyId}`, { tenant: tenantId }));
  const suspend = async ({ tenantId }: Cast) => done(await operator.post(`/v1/tenants/${tenantId}/suspend`));
  const keepApart = async ({ tenantId }: Cast) =>
    done(await operator.patch("/v1/tenant", { tenant: tenantId, body: { cache_scope: "tenant" } }));
  const done = ({ status, body }: { readonly status: number; readonly body: Readonly<Record<string, unknown>> }) => {
    expect(status).toBe(200);
    return { pending: body["pending"], atMs: Date.now() };
  };
  const faults = async (method: "POST" | "DELETE", fault?: Readonly<Record<string, unknown>>) => {
    const headers = { authorization: `Bearer ${stack.redisToken}` };
    const body = fault === undefined ? {} : { body: JSON.stringify({ times: null, ...fault }) };
    expect((await fetch(new URL("/__faults", stack.upstash.url), { method, headers, ...body })).ok).toBe(true);
  };
  /** Until both Workers refuse the keys, and half a second longer, in which they must not come back. */
  const untilRefused = async ({ seen }: { readonly seen: readonly Seen[] }, keys: readonly string[] = [cast.key]) => {
    const refusing = (key: string) => seen.filter((each) => each.key === key && each.status !== 200);
    await eventually(async () => {
      for (const key of keys) expect(new Set(refusing(key).map(({ gateway }) => gateway)).size).toBe(2);
    });
    await pause(500);
  };
  const lastSuccessMs = (seen: readonly Seen[], key = cast.key) =>
    Math.max(...seen.filter((each) => each.key === key && each.status === 200).map(({ sentAtMs }) => sentAtMs));
  const statuses = (seen: readonly Seen[], of: string, sinceMs = 0) => [
    ...new Set(seen.filter((each) => each.key === of && each.sentAtMs >= sinceMs).map(({ status }) => status)),
  ];
  const changesInLog = async () => JSON.stringify(await direct.xrange("tkc:log", "-", "+"));

  it("a revoked key stops within two seconds, a suspended tenant with all of its keys, and the pool for who keeps to itself", async () => {
    const [revoked, suspended, apart] = [cast, await newCast(), await newCast()];
    const running = await startLoad([revoked, suspended, apart]);
    const { pending, atMs: revokedMs } = await revoke(revoked);
    expect(pending).toBe(false);
    const { atMs: suspendedMs } = await suspend(suspended);
    const { atMs: apartMs } = await keepApart(apart);
    await untilRefused(running, [revoked.key, suspended.key]);
    // The first answer of its own comes from the upstream, or from where the other Worker put it; memory has none.
    await eventually(async () => {
      const own = running.seen.filter(
        ({ key, cacheStatus, sentAtMs }) =>
          [apart.key, apart.other].includes(key) && sentAtMs >= apartMs && !cacheStatus.endsWith("detail=memory"),
      );
      expect(new Set(own.map(({ gateway }) => gateway)).size).toBe(2);
      expect(Math.min(...own.map(({ sentAtMs }) => sentAtMs)) - apartMs).toBeLessThan(2_000);
    });
    await running.stop();
    expect(lastSuccessMs(running.seen, revoked.key) - revokedMs).toBeLessThan(2_000);
    expect(statuses(running.seen, revoked.key)).toEqual([200, 401]);
    expect(statuses(running.seen, revoked.other), "its tenant's other key goes on").toEqual([200]);
    expect(lastSuccessMs(running.seen, suspended.key) - suspendedMs).toBeLessThan(2_000);
    for (const each of [suspended.key, suspended.other]) expect(statuses(running.seen, each)).toEqual([200, 403]);
    for (const each of [apart.key, apart.other]) expect(statuses(running.seen, each)).toEqual([200]);
  });

  it("what is changed while Redis is down holds when the record has aged, and a revoked key does not come back with Redis", async () => {
    const [revoked, suspended, apart] = [cast, await newCast(), await newCast()];
    const running = await startLoad([revoked, suspended, apart]);
    await faults("POST", { kind: "down" });
    const changes = [
      { ...(await revoke(revoked)), keys: [revoked.key], answered: 401, because: "it is known by Postgres then" },
      { ...(await suspend(suspended)), keys: [suspended.key, suspended.other], answered: 403, because: "so is that" },
      { ...(await keepApart(apart)), keys: [apart.key, apart.other], answered: 503, because: "of its own it has none" },
    ];
    await untilRefused(
      running,
      changes.flatMap(({ keys }) => keys),
    );
    const healedMs = Date.now();
    await faults("DELETE");
    // The queue puts it there, some time after Redis is back.
    await eventually(async () => expect(await changesInLog()).toContain(parseApiKey(revoked.key)?.keyId));
    await running.stop();
    for (const { pending, atMs, keys, answered, because } of changes) {
      expect(pending).toBe(true);
      for (const key of keys) {
        const untilHealed = running.seen.filter(({ sentAtMs }) => sentAtMs < healedMs);
        expect(lastSuccessMs(untilHealed, key) - atMs).toBeLessThan(BOUND_MS);
        expect(statuses(untilHealed, key), because).toEqual([200, answered]);
      }
    }
    expect(statuses(running.seen, revoked.key, healedMs)).toEqual([401]);
    expect(statuses(running.seen, revoked.other)).toEqual([200]);
  });

  it("a key revoked while Redis was away for a moment stops within the bound, though its change comes late", async () => {
    const running = await startLoad();
    await faults("POST", { kind: "down" });
    const { pending, atMs } = await revoke();
    expect(pending).toBe(true);
    await faults("DELETE");
    await untilRefused(running);
    await running.stop();
    expect(lastSuccessMs(running.seen) - atMs).toBeLessThan(BOUND_MS);
    expect(statuses(running.seen, cast.other)).toEqual([200]);
  });

  it("a key revoked while Redis was down and Workers slept is refused when both wake, though its change is not in the log yet", async () => {
    await (await startLoad()).stop();
    await faults("POST", { kind: "down" });
    expect((await revoke()).pending).toBe(true);
    await pause(KEY_FRESH_MS);
    await faults("DELETE");
    const woken = await Promise.all(gateways.map((gateway) => gateway.get(CALL, { key: cast.key })));
    expect(woken.map(({ status }) => status)).toEqual([401, 401]);
  });

  it("a key whose change is lost with the log stops within the bound, because a log that broke off vouches for nothing", async () => {
    const running = await startLoad();
    // What is published while this lasts never reaches the log, as if Redis had lost it with its last second.
    await faults("POST", { kind: "down", contains: APPENDING });
    const { atMs } = await revoke();
    await direct.del("tkc:log", "tkc:newest");
    await untilRefused(running);
    await running.stop();
    expect(lastSuccessMs(running.seen) - atMs).toBeLessThan(BOUND_MS);
    expect(statuses(running.seen, cast.other)).toEqual([200]);
  });

  it("a key whose revocation commits after nobody waits for it stops too, though it was told of and read again before", async () => {
    const vouched = { KEY_FRESH_MS: "60000", KEY_RETIRE_MS: "70000", CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50" };
    const gateway = await startGateway(stack, { ...vouched, DATABASE_TIMEOUT_MS: "2500" });
    const status = async () => (await gateway.get(CALL, { key: cast.key })).status;
    try {
      expect(await status()).toBe(200);
      const late = JSON.stringify({ kind: "delay", delayMs: 6_000, contains: "SET revoked_at" });
      expect((await fetch(new URL("/__faults", stack.neon.url), { method: "POST", body: late })).ok).toBe(true);
      const { delete: remove } = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
      expect((await remove(`/v1/keys/${parseApiKey(cast.key)?.keyId}`, { tenant: cast.tenantId })).status).toBe(503);
      await pause(1_500);
      expect(await status(), "not committed yet").toBe(200);
      await eventually(async () => expect(await status()).toBe(401));
    } finally {
      await gateway.close();
    }
  });

  it("a Worker that nobody asked for a second lets a revoked key in not once, because its first request awaits what is new", async () => {
    for (const gateway of gateways) expect((await gateway.get(CALL, { key: cast.key })).status).toBe(200);
    await pause(1_100);
    await revoke();
    expect((await gateways[1].get(CALL, { key: cast.key })).status).toBe(401);
    expect((await gateways[0].get(CALL, { key: cast.key })).status).toBe(401);
  });

  it("at the price of a reading each half second: a hit asks Redis nothing about who is asking", async () => {
    expect((await gateways[1].get(CALL, { key: cast.key })).status).toBe(200);
    await eventually(async () => expect(await direct.exists(`tkk:${parseApiKey(cast.key)?.keyId}`)).toBe(1));
    const monitor = await direct.monitor();
    const number = new URL(stack.redis.url).pathname.slice(1);
    const asked: string[] = [];
    monitor.on("monitor", (_time: string, words: string[], _source: string, database: string) => {
      const command = words[0]?.toUpperCase() ?? "";
      // What is appended is the other tests' queues telling of their changes once more.
      const isAppended = ["EVALSHA", "XADD", "SET"].includes(command) && words.includes("tkc:newest");
      if (database === number && / tk[kc]:/.test(words.join(" ")) && command !== "XADD" && !isAppended)
        asked.push(command);
    });
    const startedMs = Date.now();
    while (Date.now() - startedMs < 1_000) expect((await gateways[1].get(CALL, { key: cast.key })).status).toBe(200);
    const readings = Math.ceil((Date.now() - startedMs) / 500) + 1;
    monitor.disconnect();
    expect(asked.filter((command) => command !== "XRANGE")).toEqual([]);
    expect(asked.length).toBeLessThanOrEqual(readings);
  });
});
