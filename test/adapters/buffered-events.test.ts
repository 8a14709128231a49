import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bufferedEvents } from "../../src/adapters/buffered-events.ts";
import type { Usage } from "../../src/core/usage.ts";
import { sampleEvent, sampleHits } from "../support/sample-usage.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An isolate's buffer. Each settled event is of a request of its own, and `ended` counts those that need not stay any longer. */
function setUp({ isRefused = false, hasCounts = false } = {}) {
  const sends: (readonly Usage[])[] = [];
  const logged: unknown[] = [];
  let ended = 0;
  const counts: Usage[] = [{ kind: "hits", batch: sampleHits("6ba7b810-9dad-41d1-80b4-00c04fd430c8") }];
  const takeAlong = () => (hasCounts ? counts.splice(0) : []);
  const queue = {
    send: async (usage: readonly Usage[]) => {
      if (isRefused) throw new Error("full");
      sends.push(usage);
    },
  };
  const log = {
    info: () => undefined,
    error: (name: string, fields?: object) => void logged.push({ name, ...fields }),
  };
  const sender = bufferedEvents(queue, { flushMs: 1_000, flushEvents: 50, clock: Date.now, takeAlong }, log);
  const settle = async (count = 1) => {
    for (let at = 0; at < count; at += 1) {
      void sender.send(sampleEvent("6ba7b810-9dad-41d1-80b4-00c04fd430c8")).then(() => (ended += 1));
      await vi.advanceTimersByTimeAsync(0);
    }
  };
  return { settle, sends, sizes: () => sends.map(({ length }) => length), logged, ended: () => ended };
}

describe("settled events in an isolate", () => {
  it("are sent together a second after the first, for which only the first request stays", async () => {
    const { settle, sizes, ended } = setUp();
    await settle();
    await vi.advanceTimersByTimeAsync(600);
    await settle(2);
    expect([sizes(), ended()]).toEqual([[], 2]);
    await vi.advanceTimersByTimeAsync(400);
    expect([sizes(), ended()]).toEqual([[3], 3]);
  });

  it("are sent at once when there are fifty, and none of them twice", async () => {
    const { settle, sizes, sends } = setUp();
    await settle(120);
    expect(sizes()).toEqual([50, 50]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sizes()).toEqual([50, 50, 20]);
    const ids = sends.flat().map((usage) => (usage.kind === "event" ? usage.event.eventId : ""));
    expect(new Set(ids).size).toBe(120);
  });

  it("are fifty a message at 500 a second, because a timer leaves alone what was begun after its own", async () => {
    const { settle, sizes } = setUp();
    for (let at = 0; at < 1_000; at += 1) {
      await settle();
      await vi.advanceTimersByTimeAsync(2);
    }
    expect(sizes()).toEqual(Array.from({ length: 20 }, () => 50));
  });

  it("go on after a timer died with its request, because the next event past its time starts another", async () => {
    const { settle, sizes } = setUp();
    await settle(2);
    vi.clearAllTimers();
    await vi.advanceTimersByTimeAsync(1_000);
    await settle();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sizes()).toEqual([3]);
  });

  it("take along what was counted meanwhile, because two messages cost twice what one does", async () => {
    const { settle, sends } = setUp({ hasCounts: true });
    await settle(2);
    await vi.advanceTimersByTimeAsync(1_000);
    await settle();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sends.map((usage) => usage.map(({ kind }) => kind))).toEqual([["event", "event", "hits"], ["event"]]);
  });

  it("are left in the outbox when the queue refuses them, and those after them are sent anew", async () => {
    const { settle, logged, ended } = setUp({ isRefused: true });
    await settle(51);
    const left = { name: "events-left-in-outbox", error: expect.any(Error), events: 50, batchesLost: 0 };
    expect(logged).toEqual([left]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(logged).toHaveLength(2);
    expect(ended()).toBe(51);
  });
});
