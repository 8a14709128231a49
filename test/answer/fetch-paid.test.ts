import { describe, expect, it } from "vitest";
import { answer } from "../../src/answer/answer.ts";
import type { Reserve, Taken } from "../../src/core/ledger.ts";
import { PLATFORM } from "../../src/core/act.ts";
import { json, timeline } from "../support/timeline.ts";

/** For so long nobody repeats a call that failed. */
const NOTED_MS = 2_000;

const CALL = "/userid/?username=tiktok";
const REFUSAL = '{"message":"Your account is suspended"}';

const KEYS = ["a", "b", "c"].map((name) => ({
  id: `platform-${name}`,
  secret: `secret-${name}`,
  cap: 200,
  owner: "platform" as const,
}));

/** Three platform keys, of which those named are refused by the upstream; `tried` says which were asked, in order. */
function threeKeys(...refused: readonly string[]) {
  const t = timeline();
  const tried: string[] = [];
  const bad = new Set(refused.map((name) => `secret-${name}`));
  t.keys.splice(0, 1, ...KEYS);
  t.replies(async (secret) => {
    tried.push(secret.replace("secret-", ""));
    return bad.has(secret) ? json(REFUSAL) : json('{"id":"107955"}');
  });
  const ask = async () => {
    const given = await answer(t.ports, t.ask(CALL));
    await t.settled();
    return given;
  };
  return { ...t, tried, bad, asking: ask };
}

describe("a platform key whose account is refused", () => {
  it("is followed by the next in the same request, each dispatch with a reservation and an event of its own", async () => {
    const t = threeKeys("a");
    expect(await t.asking()).toMatchObject({ kind: "fetched", outcome: "success", creditsCharged: 1 });
    expect(t.tried).toEqual(["a", "b"]);
    expect(t.story.filter((step) => step === "reserve")).toHaveLength(2);
    expect(t.sent).toMatchObject([
      {
        upstreamKeyId: "platform-a",
        outcome: "account_error",
        creditsCharged: 0,
        creditsInDoubt: 0,
        requestId: "request",
      },
      { upstreamKeyId: "platform-b", outcome: "success", creditsCharged: 1, requestId: "request" },
    ]);
    expect(t.sent[0]?.eventId).not.toBe(t.sent[1]?.eventId);
  });

  it("is asked no more, and the operator is told once", async () => {
    const t = threeKeys("a");
    await Promise.all([t.asking(), t.asking()]);
    t.tried.splice(0);
    await answer(t.ports, t.ask("/userid/?username=another"));
    await t.settled();
    expect(t.tried).not.toContain("a");
    const reason = "200: Your account is suspended";
    expect(t.told).toEqual([{ type: "platform_key.out", upstream_key_id: "platform-a", reason }]);
    expect(t.controls).toEqual([{ kind: "event", tenantId: PLATFORM, eventId: "event" }]);
  });

  it("is tried once a request: when all are refused the tenant learns of it as of one", async () => {
    const t = threeKeys("a", "b", "c");
    expect(await t.asking()).toMatchObject({
      kind: "fetched",
      outcome: "account_error",
      entry: null,
      creditsCharged: 0,
    });
    expect(t.tried.toSorted()).toEqual(["a", "b", "c"]);
    expect(t.told).toHaveLength(3);
  });

  it("is back when it serves, though it was taken out, because nothing else was left to ask", async () => {
    const t = threeKeys("a", "b", "c");
    await t.asking();
    t.advance(NOTED_MS);
    t.bad.clear();
    expect(await t.asking()).toMatchObject({ kind: "fetched", outcome: "success" });
    const [served] = t.tried.slice(3);
    const inUse = await Promise.all(KEYS.map(({ id }) => t.platformKeys.takeOut(id, "asked by the test")));
    expect(inUse).toEqual(KEYS.map(({ secret }) => secret === `secret-${served}`));
  });

  it("stays out when it was asked all the same and nothing showed that its account is in order", async () => {
    const t = threeKeys("a", "b", "c");
    await t.asking();
    t.advance(NOTED_MS);
    t.replies(async () => json("{}", 500));
    expect(await t.asking()).toMatchObject({ kind: "fetched", outcome: "server_error" });
    expect(await Promise.all(KEYS.map(({ id }) => t.platformKeys.takeOut(id, "asked by the test")))).toEqual(
      KEYS.map(() => false),
    );
  });

  it("is put back by nobody when it was never out, because a miss that tells Redis so costs a command", async () => {
    const t = threeKeys();
    const restored: string[] = [];
    const clear = async (id: string) => void restored.push(id);
    await answer({ ...t.ports, keyMarks: { ...t.platformKeys, clear } }, t.ask(CALL));
    await t.settled();
    expect(restored).toEqual([]);
  });

  it("is nothing that the ledger is told of but by its name and cap, because what it keeps is not sealed", async () => {
    const t = threeKeys();
    const offered: object[] = [];
    const reserve = (order: Parameters<typeof t.ledger.reserve>[0]) => (offered.push(order), t.ledger.reserve(order));
    await answer({ ...t.ports, ledger: { ...t.ports.ledger, reserve } }, t.ask(CALL));
    expect(offered).toMatchObject([{ candidates: KEYS.map(({ id, cap }) => ({ id, cap })) }]);
    expect(JSON.stringify(offered)).not.toContain("secret-");
  });

  it("is kept in words that do not repeat it, because they are stored and sent", async () => {
    const t = threeKeys();
    t.replies(async (secret) => json(`{"message":"No such key: ${secret}"}`));
    await t.asking();
    expect(JSON.stringify(t.told)).not.toContain("secret-");
    expect(t.told[0]).toMatchObject({ reason: "200" });
  });

  it("is not taken out for less: an error that may be about anything else is passed on as it is", async () => {
    const t = threeKeys();
    t.replies(async () => json('{"status":"error","message":"?","code":7}'));
    expect(await t.asking()).toMatchObject({ outcome: "unclear_error" });
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(1);
    expect(t.told).toEqual([]);
  });

  it("is followed by none when it took long to say so, because the last dispatch must settle before the platform ends it", async () => {
    const t = threeKeys("a", "b", "c");
    t.replies(async () => (t.advance(5_000), json(REFUSAL)));
    expect(await t.asking()).toMatchObject({ outcome: "account_error" });
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(1);
  });

  it("costs the request nothing when its note is lost: the next one finds out by itself", async () => {
    const t = threeKeys("a");
    const takeOut = () => Promise.reject(new Error("Redis down"));
    const ports = { ...t.ports, platformKeys: { ...t.platformKeys, takeOut } };
    expect(await answer(ports, t.ask(CALL))).toMatchObject({ outcome: "success" });
    await t.settled();
    expect(t.sent).toHaveLength(2);
  });
});

/** A budget for one retry. */
function once() {
  let left = 1;
  return { earn: () => undefined, take: () => (left -= 1) === 0 };
}

describe("a dispatch that is made again", () => {
  const failing = (afterMs: number) => {
    const t = timeline();
    t.replies(async () => (t.advance(afterMs), json("{}", 503)));
    const orders: Reserve[] = [];
    const reserve = async (order: Reserve) => (orders.push(order), t.ports.ledger.reserve(order));
    const retryBudget = { earn: () => undefined, take: () => true };
    const ports = { ...t.ports, retryBudget, ledger: { ...t.ports.ledger, reserve } };
    return { ...t, ports, orders, dispatches: () => t.story.filter((step) => step === "dispatch").length };
  };

  it("waits for room no longer than until the last one may begin", async () => {
    const t = failing(3_000);
    await answer(t.ports, t.ask(CALL));
    expect(t.orders.map(({ patienceMs }) => patienceMs)).toEqual([3_000, 1_800]);
  });

  it("is made within the deadline of all of them, however long retries may begin", async () => {
    const t = failing(2_900);
    expect(await answer({ ...t.ports, upstreamDeadlineMs: 3_000 }, t.ask(CALL))).toMatchObject({
      outcome: "server_error",
    });
    expect(t.dispatches()).toBe(1);
  });

  it("has what is left of the deadline", async () => {
    const t = failing(3_000);
    const deadlines: number[] = [];
    const send: typeof t.ports.upstream.send = (call, secret, deadlineMs) => (
      deadlines.push(deadlineMs),
      t.ports.upstream.send(call, secret, deadlineMs)
    );
    await answer({ ...t.ports, upstream: { send } }, t.ask(CALL));
    expect(deadlines).toEqual([10_000, 6_800]);
  });

  it("is not made when it would begin after the last moment for one, pause and all", async () => {
    const t = failing(4_900);
    await answer(t.ports, t.ask(CALL));
    expect(t.dispatches()).toBe(1);
  });

  it("is made though the client left meanwhile, of a download too, which has no lease to keep the isolate for", async () => {
    const t = failing(0);
    let pending = 0;
    let kept = 0;
    const background = (promise: Promise<unknown>) => {
      pending += 1;
      void promise.finally(() => (pending -= 1));
    };
    const pause = async () => {
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      kept = pending;
    };
    const download = t.ask("/download-video/?url=https://www.tiktok.com/@a/video/73");
    await answer({ ...t.ports, pause, retryBudget: once() }, { ...download, background });
    expect(kept).toBe(1);
  });

  it.each([
    { status: 500, because: "that is no passing fault" },
    { status: 521, because: "the work may have been done" },
    { status: 400, because: "it would be refused again" },
  ])("is not made after $status: $because", async ({ status }) => {
    const t = failing(0);
    t.replies(async () => json("{}", status));
    await answer(t.ports, t.ask(CALL));
    expect(t.dispatches()).toBe(1);
  });

  it("is paid from a budget that each request adds to once, by its price", async () => {
    const t = failing(0);
    const story: string[] = [];
    const retryBudget = {
      earn: (credits: number) => void story.push(`earn ${credits}`),
      take: (credits: number) => (story.push(`take ${credits}`), story.length < 4),
    };
    await answer({ ...t.ports, retryBudget }, t.ask(CALL));
    expect(story).toEqual(["earn 1", "take 1", "take 1", "take 1"]);
    expect(t.dispatches()).toBe(3);
  });

  it("adds its cost to the first's, because both were paid", async () => {
    const t = failing(0);
    const replies = [{ ...json("{}", 503), credits: 2 } as const, json('{"id":"107955"}')];
    t.replies(async () => replies.shift() ?? json("{}", 500));
    const cost = { dispatches: 2, creditsCharged: 3, creditsInDoubt: 0 };
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ outcome: "success", ...cost });
  });

  it("adds what is in doubt to what was charged, because it may have been paid", async () => {
    const t = failing(0);
    const replies = [
      { ...json("{}", 503), credits: 2 } as const,
      { kind: "failed", reason: "timeout", status: 0 } as const,
    ];
    t.replies(async () => replies.shift() ?? json("{}", 500));
    const cost = { dispatches: 2, creditsCharged: 2, creditsInDoubt: 1 };
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ outcome: "timeout", ...cost });
  });

  it("is made under the lease of the first, which is given up after the last", async () => {
    const t = failing(0);
    const replies = [json("{}", 503), json('{"id":"107955"}')];
    t.replies(async () => replies.shift() ?? json("{}", 500));
    const ends: unknown[] = [];
    const endLease = async (_lease: string, _requestId: string, left: object | null) => void ends.push(left);
    await answer({ ...t.ports, ledger: { ...t.ports.ledger, endLease } }, t.ask(CALL));
    await t.settled();
    expect(t.orders.map(({ lease }) => lease === null)).toEqual([false, true]);
    expect(ends).toEqual([{ note: { kind: "stored" }, noteMs: 10_000, isSurelyHeld: true }]);
  });
});

it.each([
  { retryAfter: "7", rests: 7_000, because: "the upstream says so" },
  { retryAfter: null, rests: 10_000, because: "nothing is said" },
  { retryAfter: "0", rests: 10_000, because: "a rest of no time is none, and a slow clock says it too" },
  { retryAfter: "-5", rests: 10_000, because: "it is no time" },
  { retryAfter: "999999999", rests: 60_000, because: "the upstream's limit is by the minute" },
])(
  "a key refused with 429 and Retry-After $retryAfter rests for $rests ms: $because",
  async ({ retryAfter, rests }) => {
    const t = timeline();
    t.replies(async () => ({ ...json('{"message":"Too many requests"}', 429), retryAfter }) as const);
    expect(await answer({ ...t.ports, capacityWaitMs: 0 }, t.ask(CALL))).toMatchObject({ outcome: "rate_limited" });
    const refused = await answer({ ...t.ports, capacityWaitMs: 0 }, t.ask(CALL));
    expect(refused).toMatchObject({ because: "reservation", reservation: { kind: "busy", inMs: rests } });
  },
);

it("a 429 is passed on when its key is known to cool down, because whoever asks after it must not be sent there", async () => {
  const t = timeline();
  t.replies(async () => json('{"message":"Too many requests"}', 429));
  let isCooling = false;
  const coolDown = async () => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    isCooling = true;
  };
  const keyMarks = { ...t.platformKeys, coolDown };
  expect(await answer({ ...t.ports, keyMarks }, t.ask(CALL))).toMatchObject({ outcome: "rate_limited" });
  expect(isCooling).toBe(true);
});

it("a lease is held until the answer is in every tier, because whoever finds it free pays", async () => {
  const t = timeline();
  const story: string[] = [];
  const put: typeof t.redis.put = async (key, stored) => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await t.redis.put(key, stored);
    story.push("stored");
  };
  const endLease = async () => void story.push("ended");
  await answer({ ...t.ports, redis: { ...t.redis, put }, ledger: { ...t.ports.ledger, endLease } }, t.ask(CALL));
  await t.settled();
  expect(story).toEqual(["stored", "ended"]);
});

it("a key that serves what was reserved before it was refused with 429 goes on cooling down", async () => {
  const t = timeline();
  await t.platformKeys.noteFailure("platform-test");
  const dispatched = Promise.withResolvers<void>();
  const slow = Promise.withResolvers<ReturnType<typeof json>>();
  t.replies(() => (dispatched.resolve(), slow.promise));
  const first = answer(t.ports, t.ask(CALL));
  await dispatched.promise;
  await t.platformKeys.coolDown("platform-test", 60_000);
  slow.resolve(json('{"id":"107955"}'));
  expect(await first).toMatchObject({ outcome: "success" });
  await t.settled();
  expect(await answer(t.ports, t.ask("/userid/?username=another"))).toMatchObject({ reservation: { kind: "busy" } });
});

it("a tenant's own key that is refused is neither replaced by the platform's nor taken out", async () => {
  const t = timeline();
  t.keys.splice(0, 1, { id: "own", secret: "own", cap: 200, owner: "tenant" });
  t.replies(async () => json(REFUSAL));
  expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ outcome: "account_error" });
  await t.settled();
  expect(t.story.filter((step) => step === "dispatch")).toHaveLength(1);
  expect(t.told).toEqual([]);
});

it("a reservation that came too late is taken back, and the platform is asked to wait for that", async () => {
  const t = timeline();
  const gate = Promise.withResolvers<void>();
  const release = (taken: Taken) => gate.promise.then(() => t.ledger.release(taken));
  let waits = 0;
  const within = async <T>(work: () => Promise<T>, otherwise: T) => {
    const done = await work();
    // The look-up is in time.
    return (waits += 1) === 1 ? done : otherwise;
  };
  const ports = { ...t.ports, ledger: { ...t.ports.ledger, release } };
  const refused = { kind: "refused", because: "ledger-unavailable" };
  expect(await answer(ports, { ...t.ask(CALL), wait: { within } })).toEqual(refused);
  expect(await t.ledger.abandoned(0, 10), "not taken back yet").toHaveLength(1);
  setImmediate(gate.resolve);
  await t.settled();
  expect(await t.ledger.abandoned(0, 10)).toEqual([]);
  expect(t.story).toEqual(["reserve"]);
});

it("a reservation is taken back once more when Redis gives no answer to that, because a credit that nobody spent would be in doubt", async () => {
  const t = timeline();
  let tried = 0;
  const release = (taken: Taken) =>
    (tried += 1) < 3 ? Promise.reject(new Error("no reply")) : t.ledger.release(taken);
  let waits = 0;
  const within = async <T>(work: () => Promise<T>, otherwise: T) => {
    const done = await work();
    return (waits += 1) === 1 ? done : otherwise;
  };
  await answer({ ...t.ports, ledger: { ...t.ports.ledger, release } }, { ...t.ask(CALL), wait: { within } });
  await t.settled();
  expect(await t.ledger.abandoned(0, 10)).toEqual([]);
  expect(t.story).toEqual(["reserve", "pause 10", "pause 20"]);
});
