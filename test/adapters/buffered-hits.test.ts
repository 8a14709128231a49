import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bufferedHits } from "../../src/adapters/buffered-hits.ts";
import type { HitTier, UsageMessage } from "../../src/core/usage.ts";
import { silentLog } from "../support/silent-log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(send?: (messages: readonly UsageMessage[]) => Promise<void>) {
  const sends: (readonly UsageMessage[])[] = [];
  const behind: Promise<unknown>[] = [];
  let batches = 0;
  const settings = { flushMs: 2_000, flushHits: 50, clock: Date.now, newBatchId: () => `batch-${(batches += 1)}` };
  const queue = { send: send ?? (async (messages: readonly UsageMessage[]) => void sends.push(messages)) };
  const hits = bufferedHits(queue, settings, silentLog);
  const hit = (tenantId = "a", endpoint = "/userid/", tier: HitTier = "memory") =>
    hits.add(tenantId, { endpoint, tier, hits: 1, creditsSaved: 1 }, (promise) => void behind.push(promise));
  return { hit, sends, behind };
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
      { kind: "hits", batch: { batchId: "batch-1", tenantId: "a", flushedAtMs: expect.any(Number), rows } },
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
