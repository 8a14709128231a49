import { describe, expect, it } from "vitest";
import { answer } from "../../src/answer/answer.ts";
import { keyOf, payerOf } from "../../src/answer/payer.ts";
import { NO_DEMAND } from "../../src/core/directives.ts";
import type { RefreshMessage } from "../../src/core/ports.ts";
import type { Tenant } from "../../src/core/tenant.ts";
import { warm, type WarmPorts } from "../../src/cron/warm.ts";
import { consumeRefresh } from "../../src/queue/refresh.ts";
import { memoryAnswerHeads } from "../support/memory-answer-heads.ts";
import { memoryHotSet } from "../support/memory-hot-set.ts";
import { memoryTenantDirectory } from "../support/memory-tenant-directory.ts";
import { memoryWarmTries } from "../support/memory-warm-tries.ts";
import { sampleTenant } from "../support/sample-key-record.ts";
import { json, timeline } from "../support/timeline.ts";

const PUBLIC = { ...sampleTenant, id: "00000000-0000-4000-8000-000000000009" };
const OWNER = { ...sampleTenant, id: "00000000-0000-4000-8000-000000000003", cacheScope: "tenant" as const };
const MINUTE = 60_000;
const PROFILE = "/userinfo-by-username/?username=tiktok";
const profile = json('{"user":{"id":"1","uniqueId":"another"},"stats":{}}');

/** The job and the consumer over one world of doubles. */
function setUp({ tenant = {}, ...over }: Partial<Omit<WarmPorts, "redis">> & { tenant?: Partial<Tenant> } = {}) {
  const t = timeline();
  t.replies(async () => profile);
  const { clock } = t.ports;
  const logged: string[] = [];
  const log = { info: (event: string) => void logged.push(event), error: (event: string) => void logged.push(event) };
  const tenants = [sampleTenant, { ...PUBLIC, ...tenant }, OWNER];
  const ports = {
    ...t.ports,
    hotSet: memoryHotSet(clock, { halfLifeMs: 30 * MINUTE, most: 100 }),
    answerHeads: memoryAnswerHeads(t.redis),
    warmTries: memoryWarmTries(clock, 5 * MINUTE),
    tenantDirectory: memoryTenantDirectory(tenants, clock),
    publicTenantId: PUBLIC.id,
    platformDownloadTier: true,
    warmBudget: 20,
    warmMinHits: 2,
    warmKeywords: [],
    newRequestId: () => "warm",
    ...over,
    log,
  };
  const ask = (path: string, of: Tenant = sampleTenant) => ({ ...t.ask(path), payer: payerOf(of, true) });
  const run = async (): Promise<readonly RefreshMessage[]> => {
    t.refreshes.length = 0;
    await warm(ports);
    return [...t.refreshes];
  };
  return {
    ...t,
    logged,
    hotSet: ports.hotSet,
    ask,
    run,
    /** Asked for so often, as the isolates have told. */
    heat: (path: string, requests: number, of?: Tenant) =>
      ports.hotSet.add(new Map([[keyOf(ports, ask(path, of)).identity, requests]])),
    consume: async (messages: readonly RefreshMessage[]) => {
      for (const message of messages) await consumeRefresh(ports, message, 1);
    },
    fetches: () => t.story.filter((step) => step === "dispatch").length,
    hottest: async () => (await ports.hotSet.hottest(100)).length,
  };
}

describe("a hot answer", () => {
  it("is fetched before anybody waits for it, at the public tenant's cost, and then left until it is due again", async () => {
    const t = setUp();
    await t.heat(PROFILE, 10);
    const messages = await t.run();
    expect(messages).toEqual([
      {
        kind: "refresh",
        path: PROFILE,
        tenantId: PUBLIC.id,
        scope: "pool:default",
        seenMs: null,
        untilMs: t.ports.clock() + MINUTE,
        priority: "warm",
      },
    ]);
    await t.consume(messages);
    expect(t.sent).toMatchObject([{ tenantId: PUBLIC.id, creditsCharged: 1 }]);
    expect(await answer(t.ports, t.ask(PROFILE))).toMatchObject({ kind: "hit" });
    t.advance(58 * MINUTE);
    expect(await t.run()).toEqual([]);
    t.advance(MINUTE);
    expect(await t.run()).toMatchObject([{ seenMs: t.ports.clock() - 59 * MINUTE }]);
  });

  it("is refreshed while it is fresh, so that nobody is served a stale one", async () => {
    const t = setUp();
    await answer(t.ports, t.ask(PROFILE));
    await t.settled();
    t.advance(59 * MINUTE);
    await t.heat(PROFILE, 10);
    await t.consume(await t.run());
    t.advance(30 * MINUTE);
    expect(await answer(t.ports, t.ask(PROFILE))).toMatchObject({ kind: "hit" });
    expect(t.fetches()).toBe(2);
  });

  it("is fetched at once when it was purged for good, whatever is left of it", async () => {
    const t = setUp();
    await answer(t.ports, t.ask(PROFILE));
    await t.settled();
    t.advance(MINUTE);
    await t.redis.mark({ view: "pool:default", targets: [{ kind: "everything" }], mode: "hard" });
    t.advance(1);
    await t.heat(PROFILE, 10);
    const messages = await t.run();
    expect(messages).toMatchObject([{ seenMs: null }]);
    await t.consume(messages);
    expect(t.fetches()).toBe(2);
  });

  it("costs nothing twice, however often the job runs and its messages come", async () => {
    const t = setUp();
    await t.heat(PROFILE, 10);
    const first = await t.run();
    expect(await t.run()).toEqual([]);
    await t.consume([...first, ...first]);
    await Promise.all([t.consume(first), t.consume(first)]);
    expect(t.fetches()).toBe(1);
  });

  it("costs nothing twice when two runs go side by side, each with the messages of the other unseen", async () => {
    const t = setUp({ warmTries: { known: async (names) => names.map(() => false), note: async () => undefined } });
    await t.heat(PROFILE, 10);
    const [one, other] = [await t.run(), await t.run()];
    expect([one.length, other.length]).toEqual([1, 1]);
    await Promise.all([t.consume(one), t.consume(other)]);
    expect(t.fetches()).toBe(1);
  });

  it.each([PUBLIC.id, undefined])(
    "is of private answers at their owner's cost when %s pays for pools",
    async (payer) => {
      const t = setUp({ publicTenantId: payer });
      await t.heat(PROFILE, 10, OWNER);
      const messages = await t.run();
      expect(messages).toMatchObject([{ tenantId: OWNER.id, scope: `tenant:${OWNER.id}` }]);
      await t.consume(messages);
      expect(t.sent).toMatchObject([{ tenantId: OWNER.id }]);
      expect(await answer(t.ports, t.ask(PROFILE, OWNER))).toMatchObject({ kind: "hit" });
      const demand = { ...NO_DEMAND, onlyIfCached: true };
      expect(await answer(t.ports, { ...t.ask(PROFILE), demand })).toMatchObject({ because: "not-cached" });
    },
  );

  it("cools out of the set when nobody asks any more, and is then warmed no more", async () => {
    const t = setUp();
    await t.heat(PROFILE, 10);
    let fetched = 0;
    for (let minutes = 0; minutes < 12 * 60; minutes += 10) {
      const messages = await t.run();
      fetched += messages.length;
      await t.consume(messages);
      t.advance(10 * MINUTE);
    }
    expect(fetched).toBeLessThanOrEqual(3);
    expect(await t.hottest()).toBe(0);
  });

  it("leaves the set when the upstream knows no such thing any more", async () => {
    const t = setUp();
    t.replies(async () => json('{"status":"error","message":"Not found"}'));
    await t.heat(PROFILE, 10);
    await t.consume(await t.run());
    t.advance(MINUTE);
    expect(await t.run()).toEqual([]);
    expect(await t.hottest()).toBe(0);
  });

  it("is asked for in vain once in a while, and not each minute, when it is never to be had", async () => {
    const t = setUp();
    t.replies(async () => json("{}", 500));
    await t.heat(PROFILE, 1_000);
    let asked = 0;
    for (let minute = 0; minute < 10; minute++) {
      const messages = await t.run();
      asked += messages.length;
      await t.consume(messages);
      t.advance(MINUTE);
    }
    expect(asked).toBe(2);
  });

  it("is left where media links are kept apart by tier, and the public tenant's key gets others", async () => {
    const t = setUp();
    const payer = payerOf(sampleTenant, false);
    for (const path of ["/user-posts/?userid=1", "/userid/?username=a"]) {
      const { identity } = keyOf(t.ports, { ...t.ask(path), payer });
      await t.hotSet.add(new Map([[identity, 100]]));
    }
    expect(await t.run()).toMatchObject([{ path: "/userid/?username=a" }]);
  });
});

describe("a run", () => {
  const paths = (messages: readonly RefreshMessage[]) => messages.map(({ path }) => path);

  it("asks for no more than its budget, what most hits are expected of first", async () => {
    const t = setUp({ warmBudget: 3 });
    for (let at = 1; at <= 10; at++) await t.heat(`/userinfo-by-id/?userid=${at}`, at * 10);
    const first = await t.run();
    expect(paths(first)).toEqual([10, 9, 8].map((at) => `/userinfo-by-id/?userid=${at}`));
    t.replies(async () => json('{"user":{"id":"0","uniqueId":"another"},"stats":{}}'));
    await t.consume(first);
    expect(paths(await t.run())).toEqual([7, 6, 5].map((at) => `/userinfo-by-id/?userid=${at}`));
  });

  it.each([
    { over: { warmBudget: 0 }, because: "there is no budget" },
    { over: { publicTenantId: undefined }, because: "nobody pays for pools" },
    { over: { tenant: { status: "suspended" as const } }, because: "who pays for pools is suspended" },
    { over: { tenant: { trialEndsAtMs: 0 } }, because: "the trial of who pays for pools is over" },
    { over: { publicTenantId: "00000000-0000-4000-8000-00000000000a" }, because: "who pays for pools is no more" },
  ])("asks for nothing of a pool when $because", async ({ over }) => {
    const t = setUp({ warmKeywords: ["cooking"], ...over });
    await t.heat(PROFILE, 100);
    expect(await t.run()).toEqual([]);
  });

  it.each([
    { warmBudget: 1, looks: 10, because: "most of what is hot is fresh" },
    { warmBudget: 100_000, looks: 1_000, because: "a run has to end" },
  ])("looks at the hottest $looks for a budget of $warmBudget: $because", async ({ warmBudget, looks }) => {
    const wanted: number[] = [];
    const { hotSet } = setUp();
    const hottest: typeof hotSet.hottest = async (most) => (wanted.push(most), []);
    await setUp({ warmBudget, hotSet: { ...hotSet, hottest } }).run();
    expect(wanted).toEqual([looks]);
  });

  it("asks Redis for nothing when there is no budget", async () => {
    const down = () => Promise.reject(new Error("down"));
    await expect(setUp({ warmBudget: 0, hotSet: { add: down, hottest: down, drop: down } }).run()).resolves.toEqual([]);
  });

  it("fails by itself when Redis does not answer, with nothing sent", async () => {
    const down = () => Promise.reject(new Error("down"));
    const t = setUp({ hotSet: { add: down, hottest: down, drop: down } });
    await expect(t.run()).rejects.toThrow("down");
    expect(t.refreshes).toEqual([]);
  });

  it("notes no try that the queue did not take", async () => {
    let isFull = true;
    const t = setUp();
    const send = t.ports.refreshQueue.send;
    const full = setUp({
      refreshQueue: { send: async (messages) => (isFull ? Promise.reject(new Error("full")) : send(messages)) },
    });
    await full.heat(PROFILE, 10);
    await expect(full.run()).rejects.toThrow("full");
    isFull = false;
    await full.run();
    expect(t.refreshes).toHaveLength(1);
  });

  it("passes over what is in the set and names nothing that can be asked for", async () => {
    const t = setUp();
    await t.hotSet.add(new Map([["{damaged", 100]]));
    expect(await t.run()).toEqual([]);
  });
});

describe("a keyword", () => {
  const SEARCH = "/search-challenge/?keyword=cooking";
  const search = json(
    JSON.stringify({ challenge_list: [{ id: "7", cha_name: "cooking" }], cursor: 10, hasMore: false }),
  );

  it("keeps its search warm, and then what that finds, though nobody asked", async () => {
    const t = setUp({ warmKeywords: ["cooking"] });
    t.replies(async () => search);
    const first = await t.run();
    expect(first).toMatchObject([{ path: SEARCH, tenantId: PUBLIC.id, scope: "pool:default", seenMs: null }]);
    await t.consume(first);
    expect((await t.run()).map(({ path }) => path)).toEqual([
      "/challenge-info-name/?name=cooking",
      "/challenge-posts/?challenge_id=7",
    ]);
  });

  it("has its search fetched before what an older answer to it found", async () => {
    const t = setUp({ warmKeywords: ["cooking"], warmBudget: 1 });
    t.replies(async () => search);
    await t.consume(await t.run());
    t.advance(30 * MINUTE);
    expect((await t.run()).map(({ path }) => path)).toEqual([SEARCH]);
  });

  it("finds nothing in an answer that was purged for good", async () => {
    const t = setUp({ warmKeywords: ["cooking"] });
    t.replies(async () => search);
    await t.consume(await t.run());
    await t.redis.mark({ view: "pool:default", targets: [{ kind: "everything" }], mode: "hard" });
    t.advance(6 * MINUTE);
    expect((await t.run()).map(({ path }) => path)).toEqual([SEARCH]);
  });

  it("comes after what is hot, within the same budget", async () => {
    const t = setUp({ warmKeywords: ["cooking", "tea"], warmBudget: 2 });
    await t.heat(PROFILE, 10);
    expect((await t.run()).map(({ path }) => path)).toEqual([PROFILE, SEARCH]);
  });
});
