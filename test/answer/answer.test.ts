import { describe, expect, it } from "vitest";
import { answer } from "../../src/answer/answer.ts";
import { json, timeline } from "../support/timeline.ts";

const CALL = "/userid/?username=tiktok";

describe("the timeline of one entry", () => {
  it("is paid for once, served from memory, then from Redis, and paid for again when its window has ended", async () => {
    const t = timeline();
    const tiers: string[] = [];
    const ask = async () => {
      const given = await answer(t.ports, t.ask(CALL));
      tiers.push(given.kind === "hit" ? given.tier : given.kind);
      await t.settled();
    };
    await ask();
    await ask();
    t.advance(59_999);
    await ask();
    t.advance(1);
    t.colo.isDown = true;
    await ask();
    t.advance(48 * 3_600_000 - 60_000);
    await ask();
    expect(tiers).toEqual(["fetched", "memory", "memory", "redis", "fetched"]);
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(2);
  });

  it("keeps one fetch time through every tier, so that Age is true", async () => {
    const t = timeline();
    const first = await answer(t.ports, t.ask(CALL));
    await t.settled();
    const fetchedAtMs = first.kind === "fetched" ? first.entry?.fetchedAtMs : undefined;
    t.advance(120_000);
    for (const tier of ["colo", "memory"]) {
      const hit = await answer(t.ports, t.ask(CALL));
      expect(hit).toMatchObject({ kind: "hit", tier, stored: { entry: { fetchedAtMs } } });
    }
  });
});

describe("the order of a paid fetch", () => {
  it("reserves before it dispatches and settles after, because every upstream call has a reservation before it", async () => {
    const t = timeline();
    await answer(t.ports, t.ask(CALL));
    await t.settled();
    expect(t.story).toEqual(["reserve", "dispatch", "settle success 1+0"]);
    expect(t.sent).toHaveLength(1);
  });

  it("answers before anything is settled or stored, because a client does not wait for our books", async () => {
    const t = timeline();
    const slow = Promise.withResolvers<"settled">();
    const ports = { ...t.ports, ledger: { ...t.ports.ledger, settle: () => slow.promise } };
    expect(await answer(ports, t.ask(CALL))).toMatchObject({ kind: "fetched", outcome: "success" });
    expect(t.sent).toEqual([]);
    slow.resolve("settled");
    await t.settled();
    expect(t.sent).toHaveLength(1);
  });

  it("settles a dispatch whose client has left, because the credit is spent either way", async () => {
    const t = timeline();
    const dispatched = Promise.withResolvers<void>();
    const late = Promise.withResolvers<ReturnType<typeof json>>();
    t.replies(() => (dispatched.resolve(), late.promise));
    const abandoned = answer(t.ports, t.ask(CALL));
    await dispatched.promise;
    const behind = t.settled();
    late.resolve(json('{"id":"107955"}'));
    await behind;
    expect(t.sent).toHaveLength(1);
    await abandoned;
  });

  it("goes on for a client who left while credits were reserved, because the reservation would be in doubt for nothing", async () => {
    const t = timeline();
    const [reserving, letThrough] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const reserve = async (order: Parameters<typeof t.ledger.reserve>[0]) => {
      reserving.resolve();
      await letThrough.promise;
      return t.ports.ledger.reserve(order);
    };
    const behind: Promise<unknown>[] = [];
    const background = (promise: Promise<unknown>) => void behind.push(promise);
    const abandoned = answer({ ...t.ports, ledger: { ...t.ports.ledger, reserve } }, { ...t.ask(CALL), background });
    await reserving.promise;
    expect(behind, "the platform is asked to wait").toHaveLength(1);
    letThrough.resolve();
    await behind[0];
    await abandoned;
    await Promise.all(behind);
    expect(t.sent).toHaveLength(1);
  });

  it("sends nothing to the books that somebody else closed, because the sweep's word is final", async () => {
    const t = timeline();
    await answer({ ...t.ports, ledger: { ...t.ports.ledger, settle: async () => "already-settled" } }, t.ask(CALL));
    await t.settled();
    expect(t.sent).toEqual([]);
  });

  it("settles again when the ledger gave no answer, because what it cost is known here and nowhere else", async () => {
    const t = timeline();
    const answers = ["unavailable", "unavailable", "settled"] as const;
    let tries = 0;
    const settle = async () => answers[(tries += 1) - 1] ?? "unavailable";
    await answer({ ...t.ports, ledger: { ...t.ports.ledger, settle } }, t.ask(CALL));
    await t.settled();
    expect(t.story).toEqual(["reserve", "dispatch", "pause 10", "pause 20"]);
    expect(t.sent).toHaveLength(1);
  });

  it("leaves to the sweep what the ledger never answered for", async () => {
    const t = timeline();
    const settle = async () => "unavailable" as const;
    await answer({ ...t.ports, ledger: { ...t.ports.ledger, settle } }, t.ask(CALL));
    await t.settled();
    expect(t.sent).toEqual([]);
    expect(await t.ledger.abandoned(0, 10)).toHaveLength(1);
  });

  it("takes a reservation back that came after the request's budget, because nothing was dispatched for it", async () => {
    const t = timeline();
    const impatient = { within: <T>(work: () => Promise<T>, otherwise: T) => work().then(() => otherwise) };
    const ask = { ...t.ask("/download-video/?url=https://www.tiktok.com/@a/video/73"), wait: impatient };
    expect(await answer(t.ports, ask)).toEqual({ kind: "refused", because: "ledger-unavailable" });
    await t.settled();
    expect(t.story).toEqual(["reserve"]);
    expect(await t.ledger.abandoned(0, 10)).toEqual([]);
  });

  it("settles though storing breaks", async () => {
    const t = timeline();
    const redis = { ...t.redis, put: () => Promise.reject(new Error("a bug")) };
    await answer({ ...t.ports, redis }, t.ask(CALL));
    await expect(t.settled()).rejects.toThrow("a bug");
    expect(t.sent).toHaveLength(1);
  });

  it("leaves the event in the outbox when it is sent, because a queue may lose it", async () => {
    const t = timeline();
    await answer(t.ports, t.ask(CALL));
    await t.settled();
    expect(await t.ledger.unrecorded(0, 10)).toEqual(t.sent);
  });
});

describe("fails closed", () => {
  it("dispatches nothing without Redis and nothing at hand", async () => {
    const t = timeline();
    t.redis.isDown = true;
    expect(await answer(t.ports, t.ask(CALL))).toEqual({ kind: "refused", because: "answers-unavailable" });
    expect(t.story).toEqual([]);
  });

  it("dispatches nothing without the ledger", async () => {
    const t = timeline();
    const ports = {
      ...t.ports,
      ledger: { ...t.ports.ledger, reserve: async () => ({ kind: "unavailable" }) as const },
    };
    expect(await answer(ports, t.ask(CALL))).toEqual({ kind: "refused", because: "ledger-unavailable" });
    expect(t.story).toEqual([]);
  });

  it("dispatches nothing without an upstream key", async () => {
    const t = timeline();
    const ports = { ...t.ports, upstreamKeys: { open: async () => ({ kind: "unavailable" }) as const } };
    expect(await answer(ports, t.ask(CALL))).toEqual({ kind: "refused", because: "upstream-key-unavailable" });
    expect(t.story).toEqual([]);
  });
});

describe("while Redis does not answer", () => {
  const warm = async () => {
    const t = timeline();
    await answer(t.ports, t.ask(CALL));
    await t.settled();
    t.redis.isDown = true;
    t.colo.isDown = true;
    return t;
  };

  it("serves the isolate's copy for 15 minutes, marked", async () => {
    const t = await warm();
    t.advance(899_999);
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ kind: "hit", outage: true });
    t.advance(1);
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ kind: "refused" });
  });

  it("serves nothing past the bound that the entry states", async () => {
    const t = timeline();
    const call = "/search-video/?keyword=food&sort_by=2";
    t.replies(async () => json('{"videos":[{"video_id":"1"}]}'));
    await answer(t.ports, t.ask(call));
    await t.settled();
    t.redis.isDown = true;
    t.colo.isDown = true;
    t.advance(300_000);
    expect(await answer(t.ports, t.ask(call))).toMatchObject({ kind: "refused" });
  });
});

describe("what is never kept", () => {
  it.each([
    { reply: json('{"message":"Api-Key is not available"}'), because: "it is about the account" },
    { reply: json('{"message":"Too many requests"}', 429), because: "it is about the moment" },
    { reply: json('{"x":1}', 503), because: "the upstream failed" },
    { reply: json("<html>"), because: "it is no answer" },
    { reply: { kind: "failed", reason: "timeout", status: 0 } as const, because: "nothing came" },
  ])("$reply.status $reply.reason: $because", async ({ reply }) => {
    const t = timeline();
    t.replies(async () => reply);
    expect(await answer(t.ports, t.ask(CALL))).toMatchObject({ kind: "fetched", entry: null });
    await t.settled();
    // Until a key that was refused with 429 has cooled down.
    t.advance(10_000);
    await answer(t.ports, t.ask(CALL));
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(2);
  });

  it("a download, whose links are no one else's", async () => {
    const t = timeline();
    t.replies(async () => json('{"video":"https://v.example/1","video_hd":""}'));
    const call = "/download-video/?url=https://www.tiktok.com/@a/video/73";
    await answer(t.ports, t.ask(call));
    await t.settled();
    await answer(t.ports, t.ask(call));
    expect(t.story.filter((step) => step === "dispatch")).toHaveLength(2);
  });
});
