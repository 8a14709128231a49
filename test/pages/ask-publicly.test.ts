import { describe, expect, it } from "vitest";
import { askPublicly, shownOf } from "../../src/pages/ask-publicly.ts";
import { purge } from "../../src/answer/purge.ts";
import type { Bucket, RateDecision, WaitBudget } from "../../src/core/ports.ts";
import { Problem } from "../../src/core/problem.ts";
import type { TenantLookup } from "../../src/core/tenant-directory.ts";
import type { HitCount } from "../../src/core/usage.ts";
import { readingOf } from "../support/reading.ts";
import { sampleTenant } from "../support/sample-key-record.ts";
import { json, timeline } from "../support/timeline.ts";

const INFO = "/challenge-info-name/?name=";
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The public asks one isolate, whose limits are buckets that are never refilled. */
function publicly(
  settings: {
    perAddress?: number;
    cold?: number;
    tenant?: TenantLookup;
    publicTenantId?: string | undefined;
    newWaitBudget?: () => WaitBudget;
  } = {},
) {
  const t = timeline();
  const left = new Map<string, number>();
  const taken: string[] = [];
  const hits: [tenantId: string, HitCount][] = [];
  const state: { isLimiterDown: boolean; tenant: TenantLookup; hears?: () => Promise<unknown> } = {
    isLimiterDown: false,
    tenant: settings.tenant ?? found(),
  };
  const take = async (name: string, { capacity, everyMs }: Bucket): Promise<RateDecision> => {
    taken.push(name);
    if (state.isLimiterDown) return { kind: "unavailable" };
    const tokens = left.get(name) ?? capacity;
    const figures = { limit: capacity, resetAtMs: t.ports.clock() + everyMs };
    if (tokens === 0) return { kind: "refused", remaining: 0, ...figures };
    left.set(name, tokens - 1);
    return { kind: "allowed", remaining: tokens - 1, ...figures };
  };
  const asker = askPublicly({
    ...t.ports,
    confirm: { ...t.ports.confirm, refresh: () => state.hears && readingOf(state.hears) },
    platformDownloadTier: true,
    publicTenantId: "publicTenantId" in settings ? settings.publicTenantId : "tenant",
    tenantDirectory: { find: async () => state.tenant },
    limiter: { take },
    hits: { add: (tenantId, count) => void hits.push([tenantId, count]) },
    pagesPerAddress: settings.perAddress ?? 100,
    pagesColdPerMinute: settings.cold ?? 100,
    newWaitBudget: settings.newWaitBudget ?? t.ports.newWaitBudget,
  });
  t.replies(async () => json('{"id":"42","cha_name":"cats","user_count":1,"view_count":2}'));
  const behind: Promise<unknown>[] = [];
  const ask = (name: string, address = "192.0.2.1") =>
    asker(t.ask(`${INFO}${name}`).call, {
      requestId: name,
      address,
      background: (promise) => void behind.push(promise),
    });
  return { ...t, state, taken, hits, ask, settled: async () => void (await Promise.all(behind.splice(0))) };
}

/** So little time that a look-up and a reservation take all of it. */
function twoQuestions(): WaitBudget {
  let asked = 0;
  return { within: async (work, otherwise) => ((asked += 1) > 2 ? otherwise : work()) };
}

function found(changes: Partial<typeof sampleTenant> = {}): TenantLookup {
  return { kind: "found", tenant: { ...sampleTenant, id: "tenant", ...changes }, readAtMs: 0 };
}

/** The problem that a visitor gets. */
async function refusal(asked: Promise<Awaited<ReturnType<ReturnType<typeof publicly>["ask"]>>>): Promise<Problem> {
  try {
    shownOf(await asked);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("what the public asks", () => {
  it("is fetched once at the public tenant's cost, and then a hit of that tenant's that takes of no limit", async () => {
    const t = publicly();
    expect(await t.ask("cats")).toMatchObject({ kind: "fetched", creditsCharged: 1 });
    await t.settled();
    expect(t.sent).toMatchObject([{ tenantId: "tenant", creditsCharged: 1 }]);
    expect(await t.ask("cats", "198.51.100.9")).toMatchObject({ kind: "hit" });
    expect(t.taken).toEqual(["public:from:192.0.2.1", "public:cold"]);
    expect(t.hits).toEqual([
      ["tenant", { endpoint: "/challenge-info-name/", tier: "memory", hits: 1, creditsSaved: 1 }],
    ]);
  });

  it("is the pool's of the public tenant's region, though the tenant itself may read its own", async () => {
    const t = publicly({ tenant: found({ region: "eu", cacheScope: "tenant" }) });
    const entry = shownOf(await t.ask("cats"));
    expect(JSON.parse(entry.identity)[1]).toBe("pool:eu");
  });

  it.each([
    { because: "the address has used up its own", settings: { perAddress: 1 }, retry: 60 },
    { because: "everybody together has", settings: { cold: 2 }, retry: 30 },
  ])(
    "is refused when $because, with the time when there is some again, and nothing is sent",
    async ({ settings, retry }) => {
      const t = publicly(settings);
      const allowed = Object.values(settings)[0] ?? 0;
      for (let at = 0; at < allowed; at += 1) await t.ask(`cats${at}`);
      await t.settled();
      const dispatches = t.story.filter((step) => step === "dispatch").length;
      const { status, retryAfterSeconds } = await refusal(t.ask("dogs"));
      expect({ status, retryAfterSeconds }).toEqual({ status: 503, retryAfterSeconds: retry });
      expect(t.story.filter((step) => step === "dispatch")).toHaveLength(dispatches);
      expect(shownOf(await t.ask("cats0")).body, "what is cached is free").toContain("cats");
    },
  );

  it("takes nothing of everybody's for an address that has used up its own", async () => {
    const t = publicly({ perAddress: 1 });
    for (const name of ["one", "two", "three"]) await t.ask(name);
    expect(t.taken.filter((name) => name === "public:cold")).toHaveLength(1);
  });

  it("takes of the limits once for all who come for the same, because one fetch is for all", async () => {
    const t = publicly({ cold: 1 });
    const gate = Promise.withResolvers<void>();
    t.replies(async () => {
      await gate.promise;
      return json('{"id":"42","cha_name":"cats","user_count":1,"view_count":2}');
    });
    const asked = Array.from({ length: 20 }, (_, at) => t.ask("cats", `192.0.2.${at}`));
    gate.resolve();
    for (const answered of await Promise.all(asked)) expect(shownOf(answered).body).toContain("cats");
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(1);
  });

  it("takes nothing again for the same within the time that its fetch may take, whatever came of that", async () => {
    const t = publicly();
    t.replies(async () => json("{}", 500));
    await t.ask("cats");
    await t.settled();
    t.advance(3_000);
    await t.ask("cats");
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(2);
    expect(t.taken).toHaveLength(2);
    await t.settled();
    t.advance(8_000);
    await t.ask("cats");
    expect(t.taken, "but it does in a while").toHaveLength(4);
  });

  it("is what is past its time, and refreshed behind every tenant", async () => {
    const t = publicly();
    await t.ask("cats");
    await t.settled();
    t.advance(5 * HOUR_MS);
    expect(await t.ask("cats")).toMatchObject({ kind: "refreshing" });
    await t.settled();
    expect(t.refreshes).toMatchObject([{ tenantId: "tenant", scope: "pool:default", priority: "warm" }]);
  });

  it.each([
    { limit: "everybody's", settings: { cold: 3 }, from: "198.51.100.9" },
    { limit: "the address's own", settings: { perAddress: 3 }, from: "192.0.2.1" },
  ])(
    "is refreshed within $limit limit, because whoever goes through many old pages would spend as much as he likes",
    async ({ settings, from }) => {
      const t = publicly(settings);
      for (const name of ["cats", "dogs"]) await t.ask(name);
      await t.settled();
      t.advance(5 * HOUR_MS);
      for (const name of ["cats", "dogs"]) expect(await t.ask(name, from)).toMatchObject({ kind: "refreshing" });
      await t.settled();
      expect(t.refreshes).toMatchObject([{ path: `${INFO}cats` }]);
    },
  );

  it("is no copy that was purged elsewhere, of which the isolate hears while the visitor waits", async () => {
    const t = publicly();
    await t.ask("cats");
    await t.settled();
    t.advance(1);
    t.state.hears = async () => {
      const purging = {
        scope: "pool:default",
        tenantId: null,
        targets: [{ kind: "everything" }],
        mode: "hard",
      } as const;
      await t.ports.changes.publish([(await purge(t.ports, purging)).change]);
    };
    expect(await t.ask("cats")).toMatchObject({ kind: "fetched" });
  });

  it("takes no turn to refresh from who has some left, when it has none itself", async () => {
    const t = publicly({ perAddress: 1 });
    await t.ask("cats");
    await t.settled();
    t.advance(5 * HOUR_MS);
    await t.ask("cats");
    await t.settled();
    expect(t.refreshes).toEqual([]);
    await t.ask("cats", "198.51.100.9");
    await t.settled();
    expect(t.refreshes).toHaveLength(1);
  });

  it("is fetched and limited however far Redis is, for no limit takes of the time that the look-up and the ledger have", async () => {
    const t = publicly({ cold: 1, newWaitBudget: twoQuestions });
    expect(await t.ask("cats")).toMatchObject({ kind: "fetched" });
    expect((await refusal(t.ask("dogs"))).status).toBe(503);
  });

  it.each([
    { because: "a limit", make: () => publicly({ cold: 1 }) },
    {
      because: "the tenant's quota",
      make: () => publicly({ tenant: found({ quotas: { daily: null, monthly: 1 } }) }),
    },
  ])(
    "is an old answer rather than none, where it is $because that keeps a new one from being fetched",
    async ({ make }) => {
      const t = make();
      await t.ask("cats");
      await t.settled();
      t.advance(20 * HOUR_MS);
      expect(await t.ask("cats")).toMatchObject({ kind: "stale" });
      t.advance(DAY_MS);
      expect((await refusal(t.ask("cats"))).status).toBe(503);
    },
  );

  it("waits for no room on the upstream key: that is the tenants'", async () => {
    const t = publicly();
    const priorities: [string, number][] = [];
    const reserve = t.ports.ledger.reserve;
    Object.assign(t.ports.ledger, {
      reserve: async (request: Parameters<typeof reserve>[0]) => {
        priorities.push([request.priority, request.patienceMs]);
        return { kind: "busy", inMs: 700, cap: 200 };
      },
    });
    expect(await refusal(t.ask("cats"))).toMatchObject({ status: 503, retryAfterSeconds: 1 });
    expect(priorities).toEqual([["warm", 0]]);
    expect(t.story).not.toContain("dispatch");
  });

  it.each([
    { is: "nobody was named", settings: { publicTenantId: undefined }, type: "public-not-set-up", retry: undefined },
    { is: "it is deleted", settings: { tenant: { kind: "absent" } as const }, type: "public-not-set-up" },
    { is: "it is suspended", settings: { tenant: found({ status: "suspended" }) }, type: "public-not-set-up" },
    { is: "its trial is over", settings: { tenant: found({ trialEndsAtMs: 1 }) }, type: "public-not-set-up" },
  ])("is refused when there is no tenant that pays: $is", async ({ settings, type }) => {
    const t = publicly(settings);
    const problem = await refusal(t.ask("cats"));
    expect(problem.status).toBe(503);
    expect(problem.type).toContain(type);
    expect(t.story).toEqual([]);
  });

  it("is what is cached while Postgres does not say who pays, and nobody pays for anything", async () => {
    const t = publicly();
    await t.ask("cats");
    await t.settled();
    t.state.tenant = { kind: "unavailable" };
    expect(await t.ask("cats")).toMatchObject({ kind: "hit" });
    const { status, retryAfterSeconds } = await refusal(t.ask("dogs"));
    expect({ status, retryAfterSeconds }).toEqual({ status: 503, retryAfterSeconds: 2 });
    t.advance(5 * HOUR_MS);
    expect(await t.ask("cats")).toMatchObject({ kind: "refreshing" });
    await t.settled();
    expect(t.refreshes, "nor is anything refreshed").toEqual([]);
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(1);
  });

  it("goes on without the limiter, because the ledger spends nothing while Redis is down", async () => {
    const t = publicly({ cold: 1 });
    t.state.isLimiterDown = true;
    expect(await t.ask("cats")).toMatchObject({ kind: "fetched" });
    expect(await t.ask("dogs")).toMatchObject({ kind: "fetched" });
  });

  it("is refused in few words when the upstream said nothing that may be shown", async () => {
    const t = publicly();
    t.replies(async () => json('{"message":"Your balance is 0"}'));
    const problem = await refusal(t.ask("cats"));
    expect(problem.status).toBe(503);
    expect(problem.detail).not.toContain("balance");
  });
});
