import { describe, expect, it } from "vitest";
import { answer } from "../../src/answer/answer.ts";
import { refresh } from "../../src/answer/refresh.ts";
import { isolateWaits } from "../../src/adapters/isolate-waits.ts";
import { memoryAnswers } from "../../src/adapters/memory-answers.ts";
import { keyOf } from "../../src/answer/payer.ts";
import { NO_DEMAND } from "../../src/core/directives.ts";
import type { Stored } from "../../src/core/entry.ts";
import { memoryAnswerStore } from "../support/memory-answers-store.ts";
import { json, timeline } from "../support/timeline.ts";

const CALL = "/userinfo-by-username/?username=tiktok";
const HOUR = 3_600_000;
const body = (version: number) => `{"user":{"id":"107955","uniqueId":"tiktok"},"stats":{"heart":${version}}}`;

type Timeline = ReturnType<typeof timeline>;

/** An upstream that numbers its answers. */
function counting() {
  const t = timeline();
  let dispatches = 0;
  t.replies(async () => json(body((dispatches += 1))));
  const request = async (more: object = {}) => {
    const given = await answer(t.ports, { ...t.ask(CALL), ...more });
    await t.settled();
    return given;
  };
  /** What the consumer of the refresh queue does with the message that was sent first. */
  const consume = async (message = t.refreshes[0]) => {
    const refreshed = await refresh(t.ports, { ...t.ask(CALL), priority: "refresh" }, message?.seenMs ?? null);
    await t.settled();
    return refreshed.kind;
  };
  return { ...t, request, consume, dispatches: () => dispatches };
}

/** Fetched once, and a millisecond past its freshness. */
async function stale() {
  const t = counting();
  await t.request();
  t.advance(HOUR);
  return t;
}

const elsewhere = ({ ports }: Pick<Timeline, "ports">) => ({
  ...ports,
  waits: isolateWaits(ports.clock),
  memory: memoryAnswers(1_000_000),
  colo: memoryAnswerStore(ports.clock),
});

describe("what is past its time", () => {
  it("is served at once, and the one message has it fetched anew", async () => {
    const t = await stale();
    expect(await t.request()).toMatchObject({ kind: "refreshing", stored: { entry: { body: body(1) } } });
    expect(t.dispatches()).toBe(1);
    expect(t.refreshes).toEqual([
      {
        kind: "refresh",
        path: CALL,
        tenantId: "tenant",
        scope: "pool:default",
        seenMs: t.ports.clock() - HOUR,
        untilMs: t.ports.clock() + HOUR,
        priority: "refresh",
      },
    ]);
    expect(await t.consume()).toBe("fetched");
    expect(await t.request()).toMatchObject({ kind: "hit", stored: { entry: { body: body(2) } } });
    expect(t.dispatches()).toBe(2);
  });

  it("is asked to be refreshed by one request of all isolates in a while", async () => {
    const t = await stale();
    let turns = 0;
    const take = (name: string) => ((turns += 1), t.ports.refreshTurns.take(name));
    const ports = { ...t.ports, refreshTurns: { take } };
    await Promise.all([1, 2, 3].map(() => answer(ports, t.ask(CALL))));
    await t.settled();
    expect(turns, "one of the isolate asks Redis whose turn it is").toBe(1);
    const other = elsewhere(t);
    await answer(other, t.ask(CALL));
    await t.settled();
    expect(t.refreshes).toHaveLength(1);
    t.advance(10_000);
    await t.request();
    expect(t.refreshes).toHaveLength(2);
  });

  it("is found refreshed by an isolate that had kept the old one, because it asks Redis when its own is past its time", async () => {
    const t = await stale();
    const other = elsewhere(t);
    expect(await answer(other, t.ask(CALL))).toMatchObject({ kind: "refreshing" });
    await t.settled();
    await t.consume();
    expect(await answer(other, t.ask(CALL))).toMatchObject({ kind: "hit", stored: { entry: { body: body(2) } } });
  });

  it("is waited for by nobody once its stale window is over", async () => {
    const t = await stale();
    t.advance(HOUR);
    expect(await t.request()).toMatchObject({ kind: "fetched", entry: { body: body(2) } });
    expect(t.refreshes).toEqual([]);
  });

  it("stays as it is when the message cannot be sent, and is served all the same", async () => {
    const t = await stale();
    const ports = { ...t.ports, refreshQueue: { send: () => Promise.reject(new Error("full")) } };
    expect(await answer(ports, t.ask(CALL))).toMatchObject({ kind: "refreshing" });
    await t.settled();
  });

  it("sends no message for who wants only what is cached, because that may spend nothing", async () => {
    const t = await stale();
    expect(await t.request({ demand: { ...NO_DEMAND, onlyIfCached: true } })).toMatchObject({ kind: "refreshing" });
    expect(t.refreshes).toEqual([]);
  });
});

describe("while Redis does not answer, what is past its time", () => {
  it("is served by the isolate that found it there, marked, because that is no older than Redis would let it be", async () => {
    const t = await stale();
    const other = elsewhere(t);
    expect(await answer(other, t.ask(CALL))).toMatchObject({ kind: "refreshing" });
    await t.settled();
    t.redis.isDown = true;
    t.advance(60_000);
    const given = await answer(other, t.ask(CALL));
    expect(given).toMatchObject({ kind: "hit", outage: true, stored: { entry: { body: body(1) } } });
  });

  it.each([
    { inMemory: 1, inColo: 2, because: "the colo has heard of a newer one" },
    { inMemory: 2, inColo: 1, because: "the colo's is the older one" },
  ])("is the newer of what the isolate and its colo have: $because", async ({ inMemory, inColo }) => {
    const t = await stale();
    const versions: Stored[] = [1, 2].map((version) => {
      const found = t.ports.memory.get(keyOf(t.ports, t.ask(CALL)).identity);
      if (found === undefined) throw new Error("the isolate has kept nothing");
      const entry = { ...found.entry, body: body(version), fetchedAtMs: found.entry.fetchedAtMs + version };
      return { entry, confirmedAtMs: t.ports.clock() };
    });
    const other = elsewhere(t);
    const [first, second] = [versions[inMemory - 1], versions[inColo - 1]];
    if (first === undefined || second === undefined) throw new Error("there are two versions");
    other.memory.put(first);
    await other.colo.put(keyOf(t.ports, t.ask(CALL)), second);
    t.redis.isDown = true;
    t.advance(1_000);
    expect(await answer(other, t.ask(CALL))).toMatchObject({ outage: true, stored: { entry: { body: body(2) } } });
  });
});

describe("a refresh message", () => {
  it("costs nothing when it comes again, late or twice at once", async () => {
    const t = await stale();
    await t.request();
    const twice = await Promise.all([t.consume(), t.consume()]);
    expect(twice.toSorted()).toEqual(["fetched", "needless"]);
    expect(await t.consume()).toBe("needless");
    t.advance(2 * HOUR);
    expect(await t.consume()).toBe("needless");
    expect(t.dispatches()).toBe(2);
  });

  it("costs nothing when it comes again though the fetch failed, because who finds the entry next asks again", async () => {
    const t = await stale();
    await t.request();
    t.replies(async () => json("{}", 500));
    expect(await t.consume()).toBe("fetched");
    t.advance(3_000);
    expect(await t.consume()).toBe("needless");
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(2);
    expect(await t.request()).toMatchObject({ kind: "refreshing", stored: { entry: { body: body(1) } } });
  });

  it("costs nothing when the older of two comes last", async () => {
    const t = await stale();
    await t.request();
    await t.consume(t.refreshes[0]);
    t.advance(HOUR);
    await t.request();
    expect(t.refreshes).toHaveLength(2);
    expect(await t.consume(t.refreshes[0])).toBe("needless");
    expect(await t.consume(t.refreshes[1])).toBe("fetched");
    expect(t.dispatches()).toBe(3);
  });

  it("is heeded though another answer was stored of late, because a tenant may want newer ones than that", async () => {
    const t = counting();
    await t.request();
    t.advance(2_000);
    const windows = { userinfo: { freshMs: 1_000, staleMs: 60_000 } };
    await t.request({ payer: { ...t.ask(CALL).payer, windows } });
    expect(await t.consume()).toBe("fetched");
    expect(t.dispatches()).toBe(2);
  });

  it("does not bring back what was purged meanwhile", async () => {
    const t = await stale();
    await t.request();
    await t.redis.mark({ view: "pool:default", targets: [{ kind: "everything" }], mode: "hard" });
    expect(await t.consume()).toBe("needless");
  });

  it("waits for no room, because somebody who waits goes before what is only to be fresher", async () => {
    const t = await stale();
    await t.request();
    const seen: unknown[] = [];
    const reserve = async ({ priority, patienceMs }: { priority: string; patienceMs: number }) => {
      seen.push({ priority, patienceMs });
      return { kind: "busy", inMs: 1, cap: 200 } as const;
    };
    const ports = { ...t.ports, ledger: { ...t.ports.ledger, reserve } };
    const message = t.refreshes[0]?.seenMs ?? null;
    expect(await refresh(ports, { ...t.ask(CALL), priority: "refresh" }, message)).toEqual({ kind: "refused" });
    expect(seen).toEqual([{ priority: "refresh", patienceMs: 0 }]);
  });

  it("comes again when Redis does not answer, because nobody knows whether it was refreshed", async () => {
    const t = await stale();
    await t.request();
    t.redis.isDown = true;
    expect(await t.consume()).toBe("unavailable");
  });

  it("comes again when the ledger does not answer, because nothing was spent", async () => {
    const t = await stale();
    const ledger = { ...t.ports.ledger, reserve: async () => ({ kind: "unavailable" }) as const };
    const seenMs = t.ports.clock() - HOUR;
    expect(await refresh({ ...t.ports, ledger }, t.ask(CALL), seenMs)).toEqual({ kind: "unavailable" });
  });

  it("puts a not-found in the place of what is gone", async () => {
    const t = await stale();
    await t.request();
    t.replies(async () => json('{"status":"error","message":"Not found user"}'));
    await t.consume();
    expect(await t.request()).toMatchObject({ kind: "hit", stored: { entry: { kind: "negative" } } });
  });
});

describe("a request's demand", () => {
  const newer = (nowMs: number) => ({ demand: { ...NO_DEMAND, fetchedFromMs: nowMs, isForced: true } });

  it("is fetched for though something fresh is there, and what is fetched is kept for all", async () => {
    const t = counting();
    await t.request();
    t.advance(1_000);
    const forced = await t.request(newer(t.ports.clock()));
    expect(forced).toMatchObject({ kind: "fetched", because: "demand", entry: { body: body(2) } });
    expect(await t.request()).toMatchObject({ kind: "hit", stored: { entry: { body: body(2) } } });
  });

  it.each([
    { demand: { fetchedFromMs: 0 }, because: "what there is would do but for its age" },
    { demand: { leastFreshMs: 2 * HOUR }, because: "what there is would do if it lasted longer" },
  ])("is why it was fetched: $because", async ({ demand: { fetchedFromMs, leastFreshMs = 0 } }) => {
    const t = counting();
    await t.request();
    t.advance(1_000);
    const since = fetchedFromMs === undefined ? -Infinity : t.ports.clock() + fetchedFromMs;
    const demand = { ...NO_DEMAND, fetchedFromMs: since, leastFreshMs };
    expect(await t.request({ demand })).toMatchObject({ kind: "fetched", because: "demand" });
  });

  it("for something newer whatever there is, is why it was fetched though there was nothing", async () => {
    const t = counting();
    expect(await t.request(newer(t.ports.clock()))).toMatchObject({ kind: "fetched", because: "demand" });
  });

  it("falls back on nothing that its tenant's own windows have ended for meanwhile", async () => {
    const t = counting();
    await t.request();
    t.advance(9_000);
    const ledger = { ...t.ports.ledger, reserve: async () => ({ kind: "leased" }) as const };
    const windows = { userinfo: { freshMs: 10_000, staleMs: 0 } };
    const ask = { ...t.ask(CALL), ...newer(t.ports.clock()) };
    const given = await answer({ ...t.ports, ledger }, { ...ask, payer: { ...ask.payer, windows } });
    expect(given).toEqual({ kind: "refused", because: "joined-in-vain" });
  });

  it("of many at once is fetched for once", async () => {
    const t = counting();
    await t.request();
    t.advance(1_000);
    const demand = newer(t.ports.clock());
    const given = await Promise.all([1, 2, 3].map(() => answer(t.ports, { ...t.ask(CALL), ...demand })));
    expect(given.map(({ kind }) => kind).toSorted()).toEqual(["fetched", "joined", "joined"]);
    expect(t.dispatches()).toBe(2);
  });

  it("falls back on what is there when the upstream fails", async () => {
    const t = counting();
    await t.request();
    t.advance(1_000);
    t.replies(async () => json("{}", 503));
    expect(await t.request(newer(t.ports.clock()))).toMatchObject({
      kind: "stale",
      stored: { entry: { body: body(1) } },
    });
  });

  it("for nothing but what is cached is refused when nothing is", async () => {
    const t = counting();
    const demand = { ...NO_DEMAND, onlyIfCached: true };
    expect(await t.request({ demand })).toEqual({ kind: "refused", because: "not-cached" });
    await t.request();
    expect(await t.request({ demand })).toMatchObject({ kind: "hit" });
    expect(t.dispatches()).toBe(1);
  });

  it.each([
    { demand: { leastFreshMs: HOUR / 2 }, kind: "hit", because: "it stays fresh for as long" },
    { demand: { leastFreshMs: HOUR / 2 + 1 }, kind: "fetched", because: "it does not" },
    { demand: { fetchedFromMs: -HOUR / 2 }, kind: "hit", because: "it is not older" },
    { demand: { fetchedFromMs: -HOUR / 2 + 1 }, kind: "fetched", because: "it is older" },
  ])("of $demand on an answer half an hour old is a $kind: $because", async ({ demand, kind }) => {
    const t = counting();
    await t.request();
    t.advance(HOUR / 2);
    const { fetchedFromMs = -Infinity, ...more } = demand;
    const given = await t.request({
      demand: { ...NO_DEMAND, ...more, fetchedFromMs: t.ports.clock() + fetchedFromMs },
    });
    expect(given.kind).toBe(kind);
  });

  it.each([
    { mostStaleMs: 60_000, kind: "refreshing", because: "it is a minute past its time" },
    { mostStaleMs: 59_999, kind: "fetched", because: "it is further past its time than that" },
    { mostStaleMs: Infinity, kind: "refreshing", because: "the stale window bounds it" },
  ])("of a staleness of $mostStaleMs ms at most is $kind: $because", async ({ mostStaleMs, kind }) => {
    const t = await stale();
    t.advance(60_000);
    expect((await t.request({ demand: { ...NO_DEMAND, mostStaleMs } })).kind).toBe(kind);
  });

  it("never has something served past the stale window, because that is the bound", async () => {
    const t = await stale();
    t.advance(HOUR);
    expect((await t.request({ demand: { ...NO_DEMAND, mostStaleMs: 10 * HOUR } })).kind).toBe("fetched");
  });
});

describe("a tenant's own windows", () => {
  it("have an answer refreshed that is fresh for others", async () => {
    const t = counting();
    await t.request();
    t.advance(10_000);
    const ask = t.ask(CALL);
    const windows = { userinfo: { freshMs: 5_000, staleMs: 60_000 } };
    expect(await t.request({ payer: { ...ask.payer, windows } })).toMatchObject({ kind: "refreshing" });
    expect(await t.request()).toMatchObject({ kind: "hit" });
    expect(await t.consume()).toBe("fetched");
    expect(await t.request({ payer: { ...ask.payer, windows } })).toMatchObject({ kind: "hit" });
  });
});

describe("what was purged", () => {
  const view = "pool:default";

  it("is not served any more when it was purged hard, and is past its time when it was purged soft", async () => {
    const t = counting();
    await t.request();
    t.advance(61_000);
    await t.redis.mark({ view, targets: [{ kind: "subject", subject: "user:@tiktok" }], mode: "soft" });
    expect(await answer(elsewhere(t), t.ask(CALL))).toMatchObject({ kind: "refreshing" });
    await t.settled();
    await t.redis.mark({ view, targets: [{ kind: "everything" }], mode: "hard" });
    t.advance(1);
    expect(await answer(elsewhere(t), t.ask(CALL))).toMatchObject({ kind: "fetched" });
  });

  it("softly stays past its time in an isolate that never heard of it, until it is refreshed", async () => {
    const t = counting();
    await t.request();
    t.advance(61_000);
    await t.redis.mark({ view, targets: [{ kind: "everything" }], mode: "soft" });
    const deaf = elsewhere(t);
    for (let times = 0; times < 3; times += 1)
      expect(await answer(deaf, t.ask(CALL))).toMatchObject({ kind: "refreshing" });
  });

  it("by a tenant for itself is still there for the others, and a copy from before is not trusted for it", async () => {
    const t = counting();
    await t.request();
    t.advance(5_000);
    await t.redis.mark({
      view: "tenant:tenant",
      targets: [{ kind: "subject", subject: "user:@tiktok" }],
      mode: "hard",
    });
    const { payer } = t.ask(CALL);
    const purgedAtMs = t.ports.clock();
    t.advance(5_000);
    expect(await t.request({ payer: { ...payer, tenantId: "another" } })).toMatchObject({
      kind: "hit",
      tier: "memory",
    });
    expect(await t.request({ payer: { ...payer, purgedAtMs } })).toMatchObject({ kind: "fetched" });
    expect(await t.request({ payer: { ...payer, purgedAtMs } })).toMatchObject({ kind: "hit", tier: "memory" });
  });

  it("while its fetch was under way is served to who waited for it, and to nobody else", async () => {
    const t = counting();
    t.replies(async () => {
      t.advance(100);
      await t.redis.mark({ view, targets: [{ kind: "everything" }], mode: "hard" });
      return json(body(1));
    });
    expect(await t.request()).toMatchObject({ kind: "fetched" });
    t.replies(async () => json(body(2)));
    t.advance(400);
    expect(await answer(elsewhere(t), t.ask(CALL))).toMatchObject({ kind: "fetched", entry: { body: body(2) } });
  });
});

describe("one answer that fills the keys of others", () => {
  const ID = "/userid/?username=tiktok";
  const askTo = async (t: Timeline, path: string, ports = t.ports) => {
    const given = await answer(ports, t.ask(path));
    await t.settled();
    return given;
  };

  it("is as old as itself there, marked, and kept by their windows", async () => {
    const t = counting();
    const first = await t.request();
    const fetchedAtMs = first.kind === "fetched" ? first.entry?.fetchedAtMs : undefined;
    t.advance(2 * HOUR);
    expect(await askTo(t, ID, elsewhere(t))).toMatchObject({
      kind: "hit",
      tier: "redis",
      stored: { entry: { body: '{"id":"107955"}', derived: true, fetchedAtMs, freshMs: 24 * HOUR } },
    });
    expect(t.dispatches()).toBe(1);
  });

  it("does not replace a newer one, in Redis or in the isolate", async () => {
    const t = counting();
    const slow = Promise.withResolvers<void>();
    const { upstream } = t.ports;
    const late: typeof upstream.send = async () => {
      const reply = { ...json(body(0)), answeredAtMs: t.ports.clock() };
      await slow.promise;
      return reply;
    };
    const behind: Promise<unknown>[] = [];
    const older = answer(
      { ...t.ports, upstream: { send: late } },
      { ...t.ask("/userinfo-by-id/?userid=107955"), background: (promise) => void behind.push(promise) },
    );
    await new Promise((resolve) => setImmediate(resolve));
    t.advance(1_000);
    expect(await t.request()).toMatchObject({ kind: "fetched", entry: { body: body(1) } });
    slow.resolve();
    expect(await older).toMatchObject({ kind: "fetched", entry: { body: body(0) } });
    await Promise.all(behind);
    expect(await t.request()).toMatchObject({ kind: "hit", tier: "memory", stored: { entry: { body: body(1) } } });
    const found = await answer(elsewhere(t), t.ask(CALL));
    expect(found).toMatchObject({ kind: "hit", tier: "redis", stored: { entry: { body: body(1), derived: false } } });
  });

  it("says which two subjects are one thing to nobody who reads another scope", async () => {
    const t = counting();
    const { payer } = t.ask(CALL);
    await t.request({ payer: { ...payer, scope: "tenant:tenant" } });
    expect(await t.redis.linked("tenant:tenant", "user:@tiktok")).toBe("user:107955");
    expect(await t.redis.linked("pool:default", "user:@tiktok")).toBeUndefined();
    expect(await askTo(t, ID), "nor what was derived").toMatchObject({ kind: "fetched" });
  });

  it("fills nothing where derivation is off", async () => {
    const t = counting();
    const ports = { ...t.ports, derives: false };
    await askTo(t, CALL, ports);
    t.replies(async () => json('{"id":"107955"}'));
    expect(await askTo(t, ID, ports)).toMatchObject({ kind: "fetched" });
  });

  it("counts for nothing where derivation was turned off since, because Redis still has it for days", async () => {
    const t = counting();
    await t.request();
    const off = { ...t.ports, derives: false };
    t.replies(async () => json('{"id":"107955"}'));
    expect(await askTo(t, ID, off), "the isolate has it").toMatchObject({ kind: "fetched" });
    expect(await askTo(t, "/userinfo-by-id/?userid=107955", { ...elsewhere(t), derives: false })).toMatchObject({
      kind: "fetched",
    });
  });
});
