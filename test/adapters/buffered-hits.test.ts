import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bufferedHits } from "../../src/adapters/buffered-hits.ts";
import { bucketOf } from "../../src/core/latency.ts";
import type { HitTier, ServedRequest, UsageMessage } from "../../src/core/usage.ts";
import { silentLog } from "../support/silent-log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Served = Partial<Pick<ServedRequest, "keyId" | "tookMs">> &
  (Pick<Extract<ServedRequest, { hit: unknown }>, "hit"> | Pick<Extract<ServedRequest, { call: unknown }>, "call">);

const hitIn = (tier: HitTier) => ({ hit: { endpoint: "/userid/", tier, hits: 1, creditsSaved: 1 } });
const CALL = {
  call: { endpoint: "/userid/", calls: 2, creditsCharged: 1, creditsInDoubt: 1, creditsOnOwnKey: 0 },
};

function setUp(send?: (messages: readonly UsageMessage[]) => Promise<void>) {
  const sends: (readonly UsageMessage[])[] = [];
  const behind: Promise<unknown>[] = [];
  let batches = 0;
  const settings = { flushMs: 2_000, flushHits: 50, clock: Date.now, newBatchId: () => `batch-${(batches += 1)}` };
  const queue = { send: send ?? (async (messages: readonly UsageMessage[]) => void sends.push(messages)) };
  const hits = bufferedHits(queue, settings, silentLog);
  const hit = (tenantId = "a", endpoint = "/userid/", tier: HitTier = "memory") =>
    hits.add(tenantId, { endpoint, tier, hits: 1, creditsSaved: 1 }, (promise) => void behind.push(promise));
  const serve = (served: Served, tenantId = "a") => {
    const { keyId = "key", tookMs = 0, ...request } = served;
    hits.addRequest(tenantId, { keyId, tookMs, ...request }, (promise) => void behind.push(promise));
  };
  return { hit, serve, sends, behind, take: hits.takeCounts };
}

describe("hits in an isolate", () => {
  it("are sent together, one batch a tenant, two seconds after the first", async () => {
    const { hit, sends } = setUp();
    hit("a");
    hit("b");
    hit("a");
    hit("a", "/music-info/", "joined");
    hit("a", "/userid/", "colo");
    await vi.advanceTimersByTimeAsync(1_999);
    expect(sends).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sends).toHaveLength(1);
    const rows = [
      { endpoint: "/userid/", hits: 3, creditsSaved: 3, byTier: { memory: 2, colo: 1 } },
      { endpoint: "/music-info/", hits: 1, creditsSaved: 1, byTier: { joined: 1 } },
    ];
    expect(sends[0]).toEqual([
      {
        kind: "hits",
        batch: { batchId: "batch-1", tenantId: "a", flushedAtMs: expect.any(Number), rows, latency: [], keys: [] },
      },
      expect.objectContaining({ batch: expect.objectContaining({ tenantId: "b" }) }),
    ]);
  });

  it("are sent at once when there are fifty, and none of them twice", async () => {
    const { hit, sends } = setUp();
    for (let hits = 0; hits < 50; hits++) hit();
    await vi.advanceTimersByTimeAsync(0);
    expect(sends[0]).toMatchObject([{ batch: { rows: [{ hits: 50 }] } }]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sends).toHaveLength(1);
  });

  it("go on after a timer died with its request, because the next hit past its time starts another", async () => {
    const { hit, sends } = setUp();
    hit();
    vi.clearAllTimers();
    await vi.advanceTimersByTimeAsync(2_000);
    hit();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sends).toHaveLength(1);
    expect(sends[0]).toMatchObject([{ batch: { rows: [{ hits: 2 }] } }]);
  });

  it("are lost, not doubled, when the queue refuses them", async () => {
    const { hit, behind } = setUp(() => Promise.reject(new Error("full")));
    hit();
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(Promise.all(behind)).resolves.toBeDefined();
  });
});

describe("requests in an isolate", () => {
  it("are counted by key, and by tier and duration, beside their hits", async () => {
    const { serve, sends } = setUp();
    serve({ keyId: "one", ...hitIn("memory") });
    serve({ keyId: "two", tookMs: 4, ...hitIn("redis") });
    serve({ keyId: "one", tookMs: 750, ...CALL });
    serve({ keyId: "one", tookMs: 700, ...CALL });
    serve({ keyId: "one", ...hitIn("memory") });
    await vi.advanceTimersByTimeAsync(2_000);
    const none = { calls: 0, creditsCharged: 0, creditsInDoubt: 0, creditsOnOwnKey: 0 };
    expect(sends.flat()).toMatchObject([
      {
        batch: {
          rows: [{ endpoint: "/userid/", hits: 3, creditsSaved: 3, byTier: { memory: 2, redis: 1 } }],
          latency: [
            { tier: "memory", bucket: 0, requests: 2 },
            { tier: "redis", bucket: 4, requests: 1 },
            { tier: "upstream", bucket: bucketOf(700), requests: 1 },
            { tier: "upstream", bucket: bucketOf(750), requests: 1 },
          ],
          keys: [
            {
              keyId: "one",
              calls: 4,
              creditsCharged: 2,
              creditsInDoubt: 2,
              creditsOnOwnKey: 0,
              hits: 2,
              creditsSaved: 2,
              byTier: { memory: 2 },
            },
            { ...none, keyId: "two", hits: 1, creditsSaved: 1, byTier: { redis: 1 } },
          ],
        },
      },
    ]);
  });

  it("start no timer when the upstream was asked, for its event takes the counts along, each once", async () => {
    const { serve, sends, take, behind } = setUp();
    serve(CALL);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([sends, behind]).toEqual([[], []]);
    expect(take()).toMatchObject([{ batch: { rows: [{ endpoint: "/userid/", hits: 0, byTier: {} }] } }]);
    expect(take()).toEqual([]);
  });

  it("are sent at once when there are fifty, hits or not, because a message may hold a thousand keys and no more", async () => {
    const { serve, sends } = setUp();
    for (let at = 0; at < 60; at++) serve({ keyId: `key-${at}`, ...CALL });
    await vi.advanceTimersByTimeAsync(0);
    expect(sends.flat()).toMatchObject([{ batch: { keys: { length: 50 } } }]);
  });

  it("leave nothing to send twice when a timer finds that an event took the counts along", async () => {
    const { serve, sends, take } = setUp();
    serve(hitIn("memory"));
    expect(take()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sends).toEqual([]);
  });
});
