import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { storeSharedTenant, type StoredTenant } from "../support/cast.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { expectExactMoney } from "../support/invariants.ts";
import { APPENDING, redisFaults } from "../support/redis-faults.ts";
import { steadyLoad, type Seen } from "../support/steady-load.ts";
import { upstreamControl } from "../support/upstream-control.ts";

/** How long memory and colo keep an answer: the bound of a purge of which no isolate hears. */
const MEMORY_MS = 2_000;
/** As soon as an isolate hears, with time for what the machine is busy with. */
const HEARD_MS = 1_000;
const HOUR_MS = 3_600_000;

describe("a purge under load on two Workers", () => {
  let stack: Stack;
  let gateways: readonly [Gateway, Gateway];
  let operator: ReturnType<typeof control>;
  let upstream: ReturnType<typeof upstreamControl>;
  let one: StoredTenant;
  let two: StoredTenant;
  let load: ReturnType<typeof steadyLoad> | undefined;
  let calls = 0;
  let names = 0;
  let username: string;
  let path: string;

  beforeAll(async () => {
    stack = await startStack();
    upstream = upstreamControl(stack.upstream.url);
    const settings = { MEMORY_MS: String(MEMORY_MS), CONFIRM_MS: "100", CONFIRM_AFTER_MS: "50" };
    gateways = await Promise.all([startGateway(stack, settings), startGateway(stack, settings)]);
    operator = control(gateways[0], stack.settings["ADMIN_TOKEN"] ?? "");
  });
  beforeEach(async () => {
    // Each time others, for a load empties their buckets of requests.
    [one, two] = await Promise.all([storeSharedTenant(stack, "enterprise"), storeSharedTenant(stack, "enterprise")]);
    names += 1;
    username = `loaded.${names}`;
    path = `/userinfo-by-username/?username=${username}`;
  });
  afterEach(async () => {
    await load?.stop();
    load = undefined;
    await redisFaults(stack).heal();
    await upstream.clearFaults();
  });
  afterAll(async () => {
    try {
      await expectExactMoney(stack, gateways[0]);
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await stack.close();
    }
  });

  /** An answer that both Workers serve to both tenants; what the upstream would say by now is another one. */
  const startLoad = async () => {
    for (const gateway of gateways) {
      for (const key of everybody()) expect((await gateway.get(path, { key })).status).toBe(200);
    }
    const running = steadyLoad(gateways, [one.apiKey, two.apiKey], path);
    load = running;
    await eventually(async () => expect(new Set(running.seen.map(({ gateway }) => gateway)).size).toBe(2));
    await pause(500);
    await upstream.setClock({ advanceMs: HOUR_MS });
    calls = await upstream.calls();
    const [old] = new Set(running.seen.map(({ etag }) => etag));
    if (old === undefined) throw new Error("nothing was served");
    return { ...running, old };
  };
  const purge = async (body: object, tenant?: StoredTenant) => {
    const named = tenant === undefined ? {} : { tenant: tenant.id };
    const purged = await operator.post("/v1/cache/purge", { body, ...named });
    expect(purged.status, JSON.stringify(purged.body)).toBe(200);
    return { pending: purged.body["pending"], atMs: Date.now() };
  };
  /** Until both Workers have served something newer to the keys, and half a second longer, in which the old must not come back. */
  const untilNew = async ({ seen, old }: Awaited<ReturnType<typeof startLoad>>, keys: readonly string[]) => {
    await eventually(async () => {
      const newer = seen.filter(({ key, etag }) => keys.includes(key) && etag !== old);
      expect(new Set(newer.map(({ gateway }) => gateway)).size).toBe(2);
    });
    await pause(500);
    await load?.stop();
  };
  const lastMs = (seen: readonly Seen[]) => Math.max(0, ...seen.map(({ sentAtMs }) => sentAtMs));
  const statuses = (seen: readonly Seen[]) => seen.map(({ cacheStatus }) => cacheStatus);
  const everybody = () => [one.apiKey, two.apiKey];

  const kinds = [
    { kind: "call", target: () => ({ path }) },
    { kind: "subject", target: () => ({ subject: `user:@${username}` }) },
    { kind: "everything", target: () => ({ everything: true }) },
  ];

  it.each(kinds)(
    "hard by $kind: neither serves anything older once it has heard, for one credit",
    async ({ target }) => {
      const running = await startLoad();
      const { pending, atMs } = await purge({ ...target(), region: "default" });
      expect(pending).toBe(false);
      await untilNew(running, everybody());
      const older = running.seen.filter(({ etag }) => etag === running.old);
      expect(lastMs(older) - atMs).toBeLessThan(HEARD_MS);
      expect(new Set(running.seen.map(({ status }) => status))).toEqual(new Set([200]));
      expect((await upstream.calls()) - calls).toBe(1);
    },
  );

  it.each(kinds.slice(1, 2))(
    "soft by $kind: it is served on, and called stale, until the one new answer is there",
    async ({ target }) => {
      const running = await startLoad();
      const { atMs } = await purge({ ...target(), mode: "soft", region: "default" });
      await untilNew(running, everybody());
      const since = running.seen.filter(({ etag, sentAtMs }) => etag === running.old && sentAtMs > atMs + HEARD_MS);
      expect(statuses(since).filter((status) => !status.endsWith("detail=swr"))).toEqual([]);
      expect(statuses(running.seen).some((status) => status.endsWith("detail=swr"))).toBe(true);
      expect((await upstream.calls()) - calls).toBe(1);
    },
  );

  it("of which no isolate hears is complete when copies are not trusted any more, and says pending", async () => {
    const running = await startLoad();
    await redisFaults(stack).set({ kind: "down", contains: APPENDING });
    const { pending, atMs } = await purge({ path, region: "default" });
    expect(pending).toBe(true);
    await untilNew(running, everybody());
    const older = running.seen.filter(({ etag }) => etag === running.old);
    expect(lastMs(older) - atMs).toBeLessThan(MEMORY_MS + HEARD_MS);
    expect((await upstream.calls()) - calls).toBe(1);
  });

  it.each(kinds.slice(0, 1))(
    "by one tenant of a pool ($kind) changes nothing for another: every answer of its is a hit",
    async ({ target }) => {
      const running = await startLoad();
      const { atMs } = await purge(target(), one);
      await untilNew(running, [one.apiKey]);
      const older = running.seen.filter(({ key, etag }) => key === one.apiKey && etag === running.old);
      expect(lastMs(older) - atMs).toBeLessThan(HEARD_MS);
      const others = running.seen.filter(({ key, sentAtMs }) => key === two.apiKey && sentAtMs >= atMs);
      expect(others.length).toBeGreaterThan(10);
      expect(statuses(others).filter((status) => !status.startsWith("tikedge; hit"))).toEqual([]);
      expect((await upstream.calls()) - calls).toBe(1);
    },
  );

  it("lets a fetch that was dispatched before it answer who waits, and keeps it for nobody", async () => {
    const before = await upstream.calls();
    await upstream.fault({ kind: "delay", delayMs: 1_500 });
    const answering = gateways[0].get(path, { key: one.apiKey });
    await eventually(async () => expect(await upstream.calls()).toBe(before + 1));
    await purge({ path, region: "default" });
    const answered = await answering;
    expect([answered.status, answered.headers.get("cache-status")]).toEqual([200, expect.stringContaining("stored")]);
    await pause(HEARD_MS);
    for (const gateway of gateways) expect((await gateway.get(path, { key: two.apiKey })).status).toBe(200);
    expect(await upstream.calls(), "one new fetch for both").toBe(before + 2);
    for (const gateway of gateways) expect((await gateway.get(path, { key: two.apiKey })).status).toBe(200);
    expect(await upstream.calls()).toBe(before + 2);
  });

  it("while Redis is down is refused, and purges nothing", async () => {
    const running = await startLoad();
    await redisFaults(stack).set({ kind: "down", contains: "tkp:" });
    const refused = await operator.post("/v1/cache/purge", { body: { path, region: "default" } });
    expect(refused.status).toBe(503);
    await redisFaults(stack).heal();
    await pause(MEMORY_MS + HEARD_MS);
    await running.stop();
    expect(new Set(running.seen.map(({ etag }) => etag))).toEqual(new Set([running.old]));
    expect(await upstream.calls()).toBe(calls);
  });
});
