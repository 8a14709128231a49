import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bufferedAsks } from "../../src/adapters/buffered-asks.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(add?: () => Promise<void>) {
  const added: (readonly (readonly [string, number])[])[] = [];
  const behind: Promise<unknown>[] = [];
  const logged: string[] = [];
  const hotSet = { add: add ?? (async (requests: ReadonlyMap<string, number>) => void added.push([...requests])) };
  const log = { info: () => undefined, error: (event: string) => void logged.push(event) };
  const asks = bufferedAsks(hotSet, { flushMs: 20_000, clock: Date.now }, log);
  const ask = (identity: string) => asks.add(identity, (promise) => void behind.push(promise));
  return { ask, added, behind, logged };
}

describe("requests in an isolate", () => {
  it("are added to the hot set together, some seconds after the first", async () => {
    const { ask, added } = setUp();
    for (const identity of ["a", "b", "a", "a"]) ask(identity);
    await vi.advanceTimersByTimeAsync(19_999);
    expect(added).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(added).toEqual([
      [
        ["a", 3],
        ["b", 1],
      ],
    ]);
  });

  it("are added at once when they are for 200 answers, and none of them twice", async () => {
    const { ask, added } = setUp();
    for (let at = 0; at < 200; at++) ask(`answer-${at}`);
    await vi.advanceTimersByTimeAsync(0);
    expect(added).toHaveLength(1);
    expect(added[0]).toHaveLength(200);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(added).toHaveLength(1);
  });

  it("go on after a timer died with its request, because the next one past its time starts another", async () => {
    const { ask, added } = setUp();
    ask("a");
    vi.clearAllTimers();
    await vi.advanceTimersByTimeAsync(20_000);
    ask("a");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(added).toEqual([[["a", 2]]]);
  });

  it("are lost, not doubled, when Redis does not answer, and the log says so", async () => {
    let calls = 0;
    const { ask, behind, logged } = setUp(async () => {
      calls += 1;
      throw new Error("down");
    });
    ask("a");
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(Promise.all(behind)).resolves.toBeDefined();
    expect({ calls, logged }).toEqual({ calls: 1, logged: ["asks-lost"] });
  });

  it("are not counted of an answer with a name that would fill the hot set by itself", async () => {
    const { ask, added, behind } = setUp();
    ask("a".repeat(513));
    expect(behind).toEqual([]);
    ask("a".repeat(512));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(added).toHaveLength(1);
  });
});
