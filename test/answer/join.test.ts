import { describe, expect, it } from "vitest";
import { answer } from "../../src/answer/answer.ts";
import { isolateWaits } from "../../src/adapters/isolate-waits.ts";
import { memoryAnswers } from "../../src/adapters/memory-answers.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import type { Quotas } from "../../src/core/ledger.ts";
import type { UpstreamReply } from "../../src/core/ports.ts";
import { memoryAnswerStore } from "../support/memory-answers-store.ts";
import { json, timeline } from "../support/timeline.ts";

const CALL = "/userid/?username=tiktok";
const BODY = '{"id":"107955"}';

/** A request that fetches, and holds the lease until the test lets the upstream answer it. */
async function fetching(path = CALL) {
  const t = timeline();
  const gates = [Promise.withResolvers<UpstreamReply>()];
  const dispatched = Promise.withResolvers<void>();
  let asked = 0;
  t.replies(() => {
    asked += 1;
    dispatched.resolve();
    return gates[asked - 1]?.promise ?? Promise.resolve(json(BODY));
  });
  const leader = answer(t.ports, { ...t.ask(path), requestId: "leader" });
  await dispatched.promise;
  const dispatches = () => t.story.filter((step) => step === "dispatch").length;
  /** For a request whose first wait ends when the leader has its answer: it would wait in simulated time for what takes real time. */
  const answeredMeanwhile = (reply: UpstreamReply) => ({
    ...t.ports,
    pause: async (ms: number) => {
      gates[0]?.resolve(reply);
      await leader;
      await t.ports.pause(ms);
    },
  });
  return { ...t, leader, answeredMeanwhile, dispatches };
}

/** Another isolate, that shares Redis with the first. */
const elsewhere = (t: Pick<ReturnType<typeof timeline>, "ports">) => ({
  ...t.ports,
  waits: isolateWaits(t.ports.clock),
  memory: memoryAnswers(1_000_000),
  colo: memoryAnswerStore(t.ports.clock),
});

describe("a request that finds another fetching the same", () => {
  it("waits for its answer and pays nothing", async () => {
    const t = await fetching();
    const follower = answer(t.answeredMeanwhile(json(BODY)), { ...t.ask(CALL), requestId: "follower" });
    expect(await t.leader).toMatchObject({ kind: "fetched", creditsCharged: 1 });
    expect(await follower).toMatchObject({ kind: "joined", stored: { entry: { body: BODY } } });
    expect(t.dispatches()).toBe(1);
    await t.settled();
    expect(t.sent).toHaveLength(1);
  });

  it("is told how it failed, because it would fail in the same way, one after another", async () => {
    const t = await fetching();
    const meanwhile = t.answeredMeanwhile(json('{"x":1}', 500));
    const follower = answer(meanwhile, { ...t.ask(CALL), requestId: "follower" });
    expect(await t.leader).toMatchObject({ kind: "fetched", outcome: "server_error" });
    expect(await follower).toMatchObject({ because: "failed", failure: { outcome: "server_error", status: 500 } });
    expect(t.dispatches()).toBe(1);
  });

  it("fetches itself two seconds after a failure, because it may be over", async () => {
    const t = await fetching();
    const meanwhile = t.answeredMeanwhile(json('{"x":1}', 500));
    await answer(meanwhile, { ...t.ask(CALL), requestId: "follower" });
    t.advance(1_900);
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ because: "failed" });
    t.advance(100);
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ kind: "fetched", outcome: "success" });
    expect(t.dispatches()).toBe(2);
  });

  it("fetches itself when an answer came that may not be kept, because the next may be better", async () => {
    const post = "/post-detail/?url=https://www.tiktok.com/@a/video/73";
    const t = await fetching(post);
    const meanwhile = t.answeredMeanwhile(json('{"id":"73","play_count":1}'));
    const follower = answer(meanwhile, { ...t.ask(post), requestId: "follower" });
    expect(await t.leader).toMatchObject({ kind: "fetched", outcome: "success", entry: null });
    expect(await follower).toMatchObject({ kind: "fetched" });
    expect(t.dispatches()).toBe(2);
  });

  it("reserves with another key when the account of the first was refused, and only then", async () => {
    const t = await fetching();
    const refused = json('{"message":"Your account is suspended"}');
    const meanwhile = t.answeredMeanwhile(refused);
    const same = await answer(meanwhile, { ...t.ask(CALL), requestId: "same key" });
    expect(same).toMatchObject({ because: "failed", failure: { outcome: "account_error" } });
    t.keys.splice(0, 1, { id: "own", secret: "own", cap: 200, owner: "tenant" });
    const other = await answer(elsewhere(t), { ...t.ask(CALL), requestId: "other key" });
    expect(other).toMatchObject({ kind: "fetched", outcome: "success" });
    expect(t.dispatches()).toBe(2);
  });

  it("is not told by its isolate of what is wrong with the account of another, because that is not its trouble", async () => {
    const t = await fetching();
    const meanwhile = t.answeredMeanwhile(json('{"status":"error","message":"?","code":7}'));
    expect(await answer(meanwhile, { ...t.ask(CALL), requestId: "same key" })).toMatchObject({
      because: "failed",
      failure: { outcome: "unclear_error" },
    });
    t.keys.splice(0, 1, { id: "own", secret: "own", cap: 200, owner: "tenant" });
    // Where the turn of asking is another's, the isolate's own word is all there is.
    const waits = { ...t.ports.waits, mayAsk: () => false };
    const told = await answer({ ...t.ports, waits }, { ...t.ask(CALL), requestId: "other key" });
    expect(told).toEqual({ kind: "refused", because: "joined-in-vain" });
    t.advance(-10_000);
    expect(await answer(t.ports, { ...t.ask(CALL), requestId: "other key" })).toMatchObject({ kind: "fetched" });
  });

  it("is told by its isolate how it failed, because a hundred would ask Redis for the same word", async () => {
    const t = await fetching();
    const meanwhile = t.answeredMeanwhile(json("{}", 500));
    await answer(meanwhile, { ...t.ask(CALL), requestId: "first" });
    const waits = { ...t.ports.waits, mayAsk: () => false };
    const told = await answer({ ...t.ports, waits }, { ...t.ask(CALL), requestId: "second" });
    expect(told).toMatchObject({ because: "failed", failure: { outcome: "server_error" } });
  });

  it("gives up after the upstream's deadline, because its client will not wait for ever, and nothing was charged", async () => {
    const t = await fetching();
    const renewed = { ...t.ports.ledger, reserve: async () => ({ kind: "leased" }) as const };
    const follower = await answer({ ...t.ports, ledger: renewed }, { ...t.ask(CALL), requestId: "follower" });
    expect(follower).toEqual({ kind: "refused", because: "joined-in-vain" });
    const waitedMs = t.story.reduce((sum, step) => sum + Number(/^pause (\d+)$/.exec(step)?.[1] ?? 0), 0);
    expect(waitedMs).toBeLessThan(10_000);
    expect(waitedMs).toBeGreaterThan(9_000);
  });

  it("asks ever more seldom, because a hundred of them ask Redis each time", async () => {
    const t = await fetching();
    const askedMs: number[] = [];
    const reserve = async () => (askedMs.push(t.ports.clock()), { kind: "leased" } as const);
    const later = elsewhere(t);
    await answer({ ...later, ledger: { ...t.ports.ledger, reserve } }, { ...t.ask(CALL), requestId: "follower" });
    const gaps = askedMs.slice(1).map((atMs, at) => atMs - (askedMs[at] ?? 0));
    expect(gaps.slice(0, 5)).toEqual([50, 50, 100, 200, 400]);
    expect(Math.max(...gaps)).toBe(400);
  });

  it("takes over no fetch for which too little time is left, because that would be a credit for nothing", async () => {
    const t = await fetching();
    const beganMs = t.ports.clock();
    const deadlines: number[] = [];
    // The one who fetches is gone after so long, and its lease with it.
    const taking = async (goneAfterMs: number) => {
      const reserve: typeof t.ledger.reserve = async (order) =>
        t.ports.clock() - startMs < goneAfterMs ? { kind: "leased" } : t.ledger.reserve({ ...order, lease: null });
      const send: typeof t.ports.upstream.send = async (_call, _key, deadlineMs) => {
        deadlines.push(deadlineMs);
        return json(BODY);
      };
      const startMs = t.ports.clock();
      const ports = { ...elsewhere(t), ledger: { ...t.ports.ledger, reserve }, upstream: { send } };
      return answer(ports, { ...t.ask("/userid/?username=another"), requestId: `after ${goneAfterMs}` });
    };
    expect(await taking(7_500)).toEqual({ kind: "refused", because: "joined-in-vain" });
    expect(deadlines).toEqual([]);
    expect(await taking(3_000)).toMatchObject({ kind: "fetched" });
    expect(deadlines[0]).toBeLessThanOrEqual(7_000);
    expect(deadlines[0]).toBeGreaterThan(6_000);
    expect(t.ports.clock() - beganMs).toBeLessThan(20_000);
  });

  it("leaves it to one of its isolate to ask Redis, because one is enough", async () => {
    const t = await fetching();
    let asked = 0;
    const reserve = async () => ((asked += 1), { kind: "leased" } as const);
    const isolate = elsewhere(t);
    const ports = { ...isolate, ledger: { ...t.ports.ledger, reserve } };
    const follow = (number: number) => answer(ports, { ...t.ask(CALL), requestId: `follower ${number}` });
    await Promise.all(Array.from({ length: 50 }, (_, number) => follow(number)));
    expect(asked).toBeLessThan(250);
  });
});

it("pays nothing for an answer that is past its time as soon as it has come, because another has just paid for it", async () => {
  const t = await fetching();
  const windows = { userid: { freshMs: 0, staleMs: 60_000 } };
  const ask = t.ask(CALL);
  const hasty = { ...ask, requestId: "follower", payer: { ...ask.payer, windows } };
  const follower = answer(elsewhere({ ports: t.answeredMeanwhile(json(BODY)) }), hasty);
  expect(await follower).toMatchObject({ kind: "joined", stored: { entry: { body: BODY } } });
  expect(t.dispatches()).toBe(1);
});

describe("requests at once for a tenant that wants nothing kept", () => {
  const NOTHING = { userid: { freshMs: 0, staleMs: 0 } };
  const many = async (isolatesOf: (t: ReturnType<typeof timeline>) => readonly (typeof t.ports)[]) => {
    const t = timeline();
    t.replies(async () => {
      await t.ports.pause(750);
      return json(BODY);
    });
    const ask = (number: number) => {
      const asked = t.ask(CALL);
      return { ...asked, requestId: `request ${number}`, payer: { ...asked.payer, windows: NOTHING } };
    };
    const isolates = isolatesOf(t);
    const given = await Promise.all(
      Array.from({ length: 20 }, (_, number) => answer(isolates[number % isolates.length] ?? t.ports, ask(number))),
    );
    return { ...t, ask, kinds: given.map(({ kind }) => kind).toSorted() };
  };
  const ONE_PAYS = ["fetched", ...Array.from({ length: 19 }, () => "joined")];

  it("are one fetch, in an isolate and over several", async () => {
    expect((await many((t) => [t.ports])).kinds).toEqual(ONE_PAYS);
    expect((await many((t) => [t.ports, elsewhere(t), elsewhere(t)])).kinds).toEqual(ONE_PAYS);
  });

  it("leave nothing to who comes afterwards", async () => {
    const t = await many((t) => [t.ports]);
    await t.settled();
    t.advance(1);
    expect(await answer(t.ports, t.ask(20))).toMatchObject({ kind: "fetched" });
  });
});

describe("a request that nearly missed another's fetch", () => {
  it("pays nothing though it looked before the answer was stored and reserves after its lease was given up", async () => {
    const t = timeline();
    let looks = 0;
    const get: typeof t.redis.get = async (key, views) => {
      const found = await t.redis.get(key, views);
      looks += 1;
      if (looks === 1) {
        await answer(t.ports, { ...t.ask(CALL), requestId: "leader" });
        await t.settled();
      }
      return found;
    };
    const late = { ...elsewhere(t), redis: { ...t.redis, get } };
    expect(await answer(late, { ...t.ask(CALL), requestId: "late" })).toMatchObject({ kind: "joined" });
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(1);
  });

  it("looks again with a budget of its own, because its first is used up by then", async () => {
    const t = timeline();
    let waits = 0;
    const within = async <T>(work: () => Promise<T>, otherwise: T) => {
      waits += 1;
      if (waits > 2) return otherwise;
      const done = await work();
      if (waits === 1) await answer(t.ports, { ...t.ask(CALL), requestId: "leader" });
      await t.settled();
      return done;
    };
    const ask = { ...t.ask(CALL), requestId: "late", wait: { within }, background: () => undefined };
    expect(await answer(elsewhere(t), ask)).toMatchObject({ kind: "joined" });
  });

  it("pays nothing for what was fetched while it waited for room", async () => {
    const t = timeline();
    let asked = 0;
    const reserve = async (order: Parameters<typeof t.ledger.reserve>[0]) => {
      asked += 1;
      if (asked > 1) return t.ledger.reserve(order);
      await answer(t.ports, { ...t.ask(CALL), requestId: "leader" });
      await t.settled();
      t.advance(1_000);
      return { kind: "busy", inMs: 500, cap: 200 } as const;
    };
    const late = { ...elsewhere(t), ledger: { ...t.ports.ledger, reserve } };
    // Not behind the others: they are waited for while this one reserves.
    const ask = { ...t.ask(CALL), requestId: "late", background: () => undefined };
    expect(await answer(late, ask)).toMatchObject({ kind: "joined" });
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(1);
    expect(asked).toBe(1);
  });
});

it("a request that waits for another's fetch has a budget for each look, because an upstream may take longer than Redis ever should", async () => {
  const t = await fetching();
  let waits = 0;
  // Enough for its own look and reservation, and for no more.
  const within = <T>(work: () => Promise<T>, otherwise: T) => ((waits += 1) <= 2 ? work() : Promise.resolve(otherwise));
  const ask = { ...t.ask(CALL), requestId: "follower", wait: { within } };
  expect(await answer(elsewhere({ ports: t.answeredMeanwhile(json(BODY)) }), ask)).toMatchObject({ kind: "joined" });
});

describe("a download", () => {
  it("is fetched by each for itself, because its links are no one else's", async () => {
    const t = timeline();
    const asked: (string | null)[] = [];
    const reserve = (order: Parameters<typeof t.ledger.reserve>[0]) => (
      asked.push(order.lease),
      t.ledger.reserve(order)
    );
    const ports = { ...t.ports, ledger: { ...t.ports.ledger, reserve } };
    await answer(ports, t.ask("/download-video/?url=https://www.tiktok.com/@a/video/73"));
    expect(asked).toEqual([null]);
  });

  it("waits for no turn, because nobody else's fetch will answer it", async () => {
    const t = timeline();
    const path = "/download-video/?url=https://www.tiktok.com/@a/video/73";
    const ports = { ...t.ports, waits: { ...t.ports.waits, mayAsk: () => false } };
    expect(await answer(ports, t.ask(path))).toMatchObject({ kind: "fetched" });
    expect(t.story.filter((step) => step.startsWith("pause"))).toEqual([]);
  });
});

describe("what is past its time", () => {
  const CALL = "/userinfo-by-username/?username=tiktok";
  const BODY = '{"user":{"id":"107955","uniqueId":"tiktok"},"stats":{}}';
  const HOUR = 3_600_000;
  const spent: Quotas = { daily: 0, monthly: null };

  /** Fetched once, and past the time in which it is served while it is refreshed. */
  async function pastItsTime() {
    const t = timeline();
    t.replies(async () => json(BODY));
    await answer(t.ports, t.ask(CALL));
    await t.settled();
    t.advance(2 * HOUR + 1);
    return t;
  }
  const withQuotas = (t: ReturnType<typeof timeline>, quotas: Quotas) => {
    const ask = t.ask(CALL);
    return { ...ask, payer: { ...ask.payer, quotas } };
  };

  it("is served in place of a refusal, with the refusal beside it", async () => {
    const t = await pastItsTime();
    expect(await answer(t.ports, withQuotas(t, spent))).toMatchObject({
      kind: "stale",
      stored: { entry: { body: BODY } },
      instead: { because: "reservation", reservation: { kind: "spent", quota: "daily" } },
    });
  });

  it("is served when the ledger does not answer, because a hit survives what a miss does not", async () => {
    const t = await pastItsTime();
    const ports = {
      ...t.ports,
      ledger: { ...t.ports.ledger, reserve: async () => ({ kind: "unavailable" }) as const },
    };
    expect(await answer(ports, t.ask(CALL))).toMatchObject({
      kind: "stale",
      instead: { because: "ledger-unavailable" },
    });
  });

  it("is not served to a tenant that may not ask", async () => {
    const t = await pastItsTime();
    await t.ledger.setStatus("tenant", "suspended");
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ kind: "refused", reservation: { kind: "suspended" } });
  });

  it("is not served past the bound that it states", async () => {
    const t = await pastItsTime();
    t.advance(23 * HOUR);
    expect(await answer(t.ports, withQuotas(t, spent))).toMatchObject({ kind: "refused" });
  });

  it("is not served past its bound by who waited in vain until then", async () => {
    const t = await pastItsTime();
    t.advance(23 * HOUR - 5_000);
    const ledger = { ...t.ports.ledger, reserve: async () => ({ kind: "leased" }) as const };
    const refused = { kind: "refused", because: "joined-in-vain" };
    expect(await answer({ ...t.ports, ledger }, t.ask(CALL))).toEqual(refused);
  });

  it.each([
    { outcome: "server_error", own: false, kind: "stale", because: "the upstream fails" },
    { outcome: "client_error", own: false, kind: "refused", because: "the call is at fault" },
    { outcome: "account_error", own: false, kind: "stale", because: "it is the platform's trouble" },
    { outcome: "account_error", own: true, kind: "refused", because: "its own key was refused, which it has to learn" },
  ] as const)(
    "of a call whose fetch by another request ended in $outcome a moment ago is $kind (own key: $own): $because",
    async ({ outcome, own, kind }) => {
      const t = await pastItsTime();
      const failure = { outcome, status: 400, upstreamKeyId: "platform-test" };
      const ledger = { ...t.ports.ledger, reserve: async () => ({ kind: "failed", failure }) as const };
      const ask = t.ask(CALL);
      const upstreamKey = own ? ({ kind: "byo", sealed: {} as never } as const) : ask.payer.upstreamKey;
      const given = await answer({ ...t.ports, ledger }, { ...ask, payer: { ...ask.payer, upstreamKey } });
      expect(given.kind).toBe(kind);
    },
  );

  it.each<{ reply: UpstreamReply; because: string }>([
    { reply: json('{"x":1}', 503), because: "the upstream fails" },
    { reply: json("{}", 521), because: "nobody reaches the upstream" },
    { reply: json('{"message":"Too many requests"}', 429), because: "the upstream has enough" },
    {
      reply: json('{"message":"Your account is suspended"}'),
      because: "the platform's account is not the tenant's trouble",
    },
    { reply: json('{"status":"error","message":"?","code":7}'), because: "nobody knows what this is about" },
    { reply: json('{"msg":"odd"}'), because: "there is nothing in it" },
    { reply: json("<html>"), because: "it is no answer" },
    { reply: { kind: "failed", reason: "timeout", status: 0 }, because: "none came in time" },
    { reply: { kind: "failed", reason: "thrown", status: 0 }, because: "none came" },
    { reply: { kind: "failed", reason: "truncated", status: 200 }, because: "half of it came" },
    { reply: { kind: "failed", reason: "oversized", status: 200 }, because: "too much came" },
    { reply: { kind: "failed", reason: "redirect", status: 302 }, because: "it points elsewhere" },
  ])("is served instead of a reply that says nothing of what was asked: $because", async ({ reply }) => {
    const t = await pastItsTime();
    t.replies(async () => reply);
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({
      kind: "stale",
      stored: { entry: { body: BODY } },
      instead: { kind: "fetched", entry: null },
    });
  });

  it.each([
    { reply: json('{"status":"error","message":"Not found post"}'), because: "it is gone" },
    { reply: json('{"error":"no such parameter"}', 400), because: "the call is at fault" },
  ])("is not served instead of what the upstream says of the thing itself: $because", async ({ reply }) => {
    const t = await pastItsTime();
    t.replies(async () => reply);
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ kind: "fetched" });
  });

  it("is not served to a tenant whose own key is refused, because it has to learn of that", async () => {
    const t = await pastItsTime();
    t.keys.splice(0, 1, { id: "own", secret: "own", cap: 200, owner: "tenant" });
    t.replies(async () => json('{"message":"Your account is suspended"}'));
    const ask = t.ask(CALL);
    const own = { ...ask, payer: { ...ask.payer, upstreamKey: { kind: "byo", sealed: {} as never } } as const };
    expect(await answer(t.ports, own)).toMatchObject({ kind: "fetched", outcome: "account_error" });
  });

  it("gives way to what can be fetched", async () => {
    const t = await pastItsTime();
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ kind: "fetched" });
  });
});

it("a tenant without counters is refused while the books do not answer, because missing is not zero", async () => {
  const t = timeline();
  const ledger = { ...t.ports.ledger, reserve: async () => ({ kind: "uncounted" }) as const };
  const spendingBooks = { ...t.ports.spendingBooks, of: () => Promise.reject(new Unavailable("Postgres down")) };
  const refused = { kind: "refused", because: "ledger-unavailable" };
  expect(await answer({ ...t.ports, ledger, spendingBooks }, t.ask(CALL))).toEqual(refused);
});
