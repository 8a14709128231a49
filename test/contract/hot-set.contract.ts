import { expect, it } from "vitest";
import type { HotSet } from "../../src/core/warm-ports.ts";

export type HotSetUnderTest = {
  make(settings: { readonly halfLifeMs: number; readonly most: number }): HotSet;
  /** Resolves when so much time is over for the hot set. */
  pass(ms: number): Promise<void>;
};

/** What callers rely on, whatever keeps the hot set. `underTest` starts each test with an empty one. */
export function hotSetContract(underTest: () => HotSetUnderTest): void {
  const HOUR = 3_600_000;
  const SLOW = { halfLifeMs: HOUR, most: 100 };
  const asked = (...counts: readonly (readonly [identity: string, requests: number])[]) => new Map(counts);
  const identities = async (hotSet: HotSet, most = 10) => (await hotSet.hottest(most)).map(({ identity }) => identity);

  it("is empty before anybody asks", async () => {
    expect(await underTest().make(SLOW).hottest(10)).toEqual([]);
  });

  it("tells the rate that would have come to as many requests, hottest first", async () => {
    const hotSet = underTest().make(SLOW);
    await hotSet.add(asked(["cold", 1], ["hot", 4]));
    const [hot, cold] = await hotSet.hottest(10);
    expect(hot?.identity).toBe("hot");
    expect(hot?.perMs).toBeCloseTo((4 * Math.LN2) / HOUR, 9);
    expect(cold?.identity).toBe("cold");
    expect(cold?.perMs).toBeCloseTo(Math.LN2 / HOUR, 9);
  });

  it("adds to what is there, and loses nothing of what isolates add at once", async () => {
    const hotSet = underTest().make(SLOW);
    await Promise.all(Array.from({ length: 20 }, () => hotSet.add(asked(["one", 2], ["other", 1]))));
    const [one, other] = await hotSet.hottest(10);
    expect(one).toMatchObject({ identity: "one", perMs: expect.closeTo((40 * Math.LN2) / HOUR, 7) });
    expect(other).toMatchObject({ identity: "other", perMs: expect.closeTo((20 * Math.LN2) / HOUR, 7) });
  });

  it("lets a request count half as much after a half-life, however often it is read meanwhile", async () => {
    const hotSet = underTest().make({ ...SLOW, halfLifeMs: 1_000 });
    await hotSet.add(asked(["one", 8]));
    await underTest().pass(500);
    await hotSet.hottest(10);
    await hotSet.hottest(10);
    await underTest().pass(500);
    const [one] = await hotSet.hottest(10);
    const requests = ((one?.perMs ?? 0) * 1_000) / Math.LN2;
    expect(requests).toBeLessThanOrEqual(4);
    expect(requests).toBeGreaterThan(2);
  });

  it("forgets what nobody asks for any more", async () => {
    const hotSet = underTest().make({ ...SLOW, halfLifeMs: 20 });
    await hotSet.add(asked(["once", 1]));
    expect(await identities(hotSet)).toEqual(["once"]);
    await underTest().pass(250);
    expect(await identities(hotSet)).toEqual([]);
  });

  it("keeps the hottest when there are more than it has room for, newcomers among them", async () => {
    const hotSet = underTest().make({ ...SLOW, most: 2 });
    await hotSet.add(asked(["a", 2], ["b", 3], ["c", 1]));
    expect(await identities(hotSet)).toEqual(["b", "a"]);
    await hotSet.add(asked(["d", 9]));
    expect(await identities(hotSet)).toEqual(["d", "b"]);
  });

  it("tells no more than it is asked for", async () => {
    const hotSet = underTest().make(SLOW);
    await hotSet.add(asked(["a", 1], ["b", 2]));
    expect(await identities(hotSet, 1)).toEqual(["b"]);
  });

  it("drops what it is told to, and nothing else", async () => {
    const hotSet = underTest().make(SLOW);
    await hotSet.add(asked(["a", 1], ["b", 2]));
    await hotSet.drop(["b", "never there"]);
    await hotSet.drop([]);
    expect(await identities(hotSet)).toEqual(["a"]);
  });

  it("takes an identity as it is, whatever is in it", async () => {
    const hotSet = underTest().make(SLOW);
    const identity = JSON.stringify([
      "1",
      "pool:default",
      "",
      "/search-user/",
      [["keyword", 'Zoë "x" \\ 0 \u{1F600}']],
    ]);
    await hotSet.add(asked([identity, 1]));
    expect(await identities(hotSet)).toEqual([identity]);
  });
}
