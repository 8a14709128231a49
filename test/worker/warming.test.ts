import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PUBLIC_TENANT } from "../../dev/seed.ts";
import { books } from "../support/books.ts";
import { control } from "../support/control.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, type Gateway, type Settings } from "../support/gateway.ts";
import { useGateway, type Running } from "../support/use-gateway.ts";

const BUDGET = 2;
/** The isolate's own copy is never trusted, so that what Redis has decides; counts are sent at once, and what was tried may be tried again. */
const SETTINGS = { PUBLIC_TENANT, WARM_BUDGET: String(BUDGET), HOT_FLUSH_MS: "0", MEMORY_MS: "1", WARM_AGAIN_MS: "0" };
const DAY_MS = 86_400_000;
const ID = "/userid/?username=";

/** What Redis has of answers and of their heat, and the means to take it away. */
function useRedis(running: () => Running) {
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(running().stack.redis.url);
  });
  beforeEach(async () => {
    await redis.del("tkw:hot", ...(await redis.keys("tkr:*")));
  });
  afterAll(() => redis.disconnect());
  const isOf = (identity: string, names: readonly string[]) => names.some((name) => identity.includes(`"${name}"`));
  const hot = async (names: readonly string[]) =>
    (await redis.zrange("tkw:hot", "0", "-1")).filter((identity) => isOf(identity, names));
  return {
    /** How many messages were begun with. */
    turns: async () => (await redis.keys("tkr:*")).length,
    hot,
    /** What others asked for, whose counts came late, is hot no more. */
    cool: async (names: readonly string[]) => {
      const others = (await redis.zrange("tkw:hot", "0", "-1")).filter((identity) => !isOf(identity, names));
      if (others.length > 0) await redis.zrem("tkw:hot", ...others);
    },
    /** A cache that evicts has dropped all answers. */
    evict: async () => {
      for (const key of await redis.keys("tla:v*")) await redis.del(key);
    },
  };
}

describe("a call that was asked for often", () => {
  const running = useGateway(SETTINGS);
  const { hot, cool, turns, evict } = useRedis(running);
  const spent = async (tenantId: string) => (await books(running().stack.database.url).events(tenantId)).length;

  /** Asks for each twice, a miss and a hit, until the hot set has heard of it. */
  const askFor = async (names: readonly string[], key: string) => {
    const { gateway } = running();
    for (const name of names)
      for (const _ of [1, 2]) expect((await gateway.get(`${ID}${name}`, { key })).status).toBe(200);
    await eventually(async () => expect(await hot(names)).toHaveLength(names.length));
    await cool(names);
  };

  /** Lets a minute pass and waits until so many calls have reached the upstream. */
  const runsTo = async (calls: number) => {
    await running().gateway.runCrons();
    await eventually(async () => expect(await running().upstream.calls()).toBe(calls));
  };

  /** With another Worker on the same stack, as another colo has one. */
  const besides = async (settings: Settings, work: (gateway: Gateway) => Promise<void>) => {
    const gateway = await startGateway(running().stack, { ...SETTINGS, ...settings });
    try {
      await work(gateway);
    } finally {
      await gateway.close();
    }
  };

  const visit = async (name: string, key: string) => {
    const response = await running().gateway.get(`${ID}${name}`, { key });
    await response.text();
    const field = (header: string) => response.headers.get(header);
    return { status: field("cache-status"), charged: field("x-credits-charged"), age: Number(field("age")) };
  };

  it("is there when the next one asks, at the public tenant's cost", async () => {
    const { upstream, shared } = running();
    await askFor(["evicted"], shared);
    await evict();
    const calls = await upstream.calls();
    await runsTo(calls + 1);
    await eventually(async () => {
      expect(await spent(PUBLIC_TENANT)).toBe(1);
      expect(await visit("evicted", shared)).toMatchObject({ status: expect.stringContaining("hit"), charged: "0" });
    });
    expect(await upstream.calls()).toBe(calls + 1);
    await running().gateway.runCrons();
    expect(await upstream.calls(), "it is fresh for a day").toBe(calls + 1);
  });

  it("is fetched anew before it is past its time, so that no visitor gets a stale one", async () => {
    const { stack, upstream, shared } = running();
    await askFor(["ageing"], shared);
    const lastSecondsOf = (head: Readonly<Record<string, unknown>>) => ({
      ...head,
      fetchedAtMs: Number(head["fetchedAtMs"]) - DAY_MS + 30_000,
    });
    await stack.rewriteEntry("userid", "ageing", lastSecondsOf);
    await runsTo((await upstream.calls()) + 1);
    await eventually(async () => {
      const { status, age } = await visit("ageing", shared);
      expect(status).toContain("hit");
      expect(age).toBeLessThan(60);
    });
  });

  it("is paid by its owner where answers are private", async () => {
    const { stack, upstream, byo } = running();
    const owner = stack.tenant("byo").id;
    await askFor(["private"], byo);
    await eventually(async () => expect(await spent(owner)).toBe(1));
    await evict();
    const publicly = await spent(PUBLIC_TENANT);
    await runsTo((await upstream.calls()) + 1);
    await eventually(async () => {
      expect(await spent(owner)).toBe(2);
      expect(await visit("private", byo)).toMatchObject({ status: expect.stringContaining("hit"), charged: "0" });
    });
    expect(await spent(PUBLIC_TENANT)).toBe(publicly);
    const [event, warmed] = await books(stack.database.url).events(owner);
    expect(warmed?.upstream_key_id, "with the owner's own key").toBe(event?.upstream_key_id);
  });

  it("waits for the next run when the budget of this one is spent", async () => {
    const { upstream, shared } = running();
    const names = ["one", "two", "three"];
    await askFor(names, shared);
    await evict();
    const calls = await upstream.calls();
    await runsTo(calls + BUDGET);
    expect(await upstream.calls()).toBe(calls + BUDGET);
    await runsTo(calls + names.length);
  });

  it("is not warmed beyond the public tenant's quota: who asks next pays for it", async () => {
    const { gateway, stack, upstream, shared } = running();
    const operator = control(gateway, stack.settings["ADMIN_TOKEN"] ?? "");
    const limit = (monthly_quota: number | null) =>
      operator.patch(`/v1/tenants/${PUBLIC_TENANT}`, { body: { monthly_quota } });
    expect((await limit(1)).status).toBe(200);
    await askFor(["over"], shared);
    await evict();
    const calls = await upstream.calls();
    // Of tenants that it has not met an isolate remembers nothing.
    await besides({}, async (newcomer) => {
      await newcomer.runCrons();
      await eventually(async () => expect(await turns(), "the message is consumed").toBe(1));
    });
    expect(await visit("over", shared)).toMatchObject({ charged: "1" });
    expect(await upstream.calls()).toBe(calls + 1);
    expect((await limit(null)).status).toBe(200);
  });

  it("costs no visitor a moment when Redis is down: the count is dropped, and the job fails by itself", async () => {
    const { stack, shared } = running();
    const breakRedis = (method: string) =>
      fetch(new URL("/__faults", stack.upstash.url), {
        method,
        headers: { authorization: `Bearer ${stack.redisToken}` },
        ...(method === "DELETE" ? {} : { body: JSON.stringify({ kind: "down", times: null }) }),
      });
    const withRedisDown = async (remembering: Gateway) => {
      expect((await remembering.get(`${ID}down`, { key: shared })).status).toBe(200);
      await eventually(async () => expect(await hot(["down"])).toHaveLength(1));
      await breakRedis("POST");
      const response = await remembering.get(`${ID}down`, { key: shared });
      expect(response.headers.get("cache-status")).toContain("detail=memory");
      await remembering.runCrons();
      await eventually(async () => {
        expect(remembering.logs().join("\n")).toContain("asks-lost");
        expect(remembering.logs().join("\n")).toMatch(/job-failed.*"warm"/);
      });
    };
    try {
      await besides({ MEMORY_MS: "60000", CONFIRM_AFTER_MS: "3600000" }, withRedisDown);
    } finally {
      await breakRedis("DELETE");
    }
  });

  it("is not even counted when warming is off", async () => {
    const { shared } = running();
    await besides({ WARM_BUDGET: "0" }, async (off) => {
      expect((await off.get(`${ID}off`, { key: shared })).status).toBe(200);
      // Counts that came after it are there, and its own are not.
      for (const _ of [1, 2]) await running().gateway.get(`${ID}on`, { key: shared });
      await eventually(async () => expect(await hot(["on"])).toHaveLength(1));
      expect(await hot(["off"])).toEqual([]);
    });
  });
});

describe("a keyword", () => {
  const running = useGateway({ ...SETTINGS, WARM_BUDGET: "20", WARM_KEYWORDS: "cooking" });

  it("is searched for before anybody does, and then what it finds is warm for everybody", async () => {
    const { gateway, upstream, shared } = running();
    const search = "/search-challenge/?keyword=cooking";
    await gateway.runCrons();
    await eventually(async () => expect(await upstream.calls()).toBe(1));
    const isHit = async (path: string) => {
      const response = await gateway.get(path, { key: shared });
      expect(response.headers.get("cache-status")).toContain("tikedge; hit");
      return response.text();
    };
    const found: unknown = JSON.parse(await eventually(() => isHit(search)));
    await gateway.runCrons();
    await eventually(async () => expect(await upstream.calls()).toBe(11));
    expect(found).toMatchObject({ challenge_list: expect.any(Array) });
    const [{ id, cha_name: name }] = (found as { challenge_list: [{ id: string; cha_name: string }] }).challenge_list;
    await eventually(() => isHit(`/challenge-info-name/?name=${encodeURIComponent(name)}`));
    await eventually(() => isHit(`/challenge-posts/?challenge_id=${id}`));
    expect(await upstream.calls()).toBe(11);
  });
});
