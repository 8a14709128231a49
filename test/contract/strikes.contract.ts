import { expect, it } from "vitest";
import type { Strikes } from "../../src/core/control-ports.ts";

export type StrikesUnderTest = {
  /** With strikes that stand for `strikeMs` and refusals that are of late for `recentMs`. */
  make(settings: { readonly strikeMs: number; readonly recentMs: number }): Strikes;
  /** Resolves when so much time is over for the strikes. */
  pass(ms: number): Promise<void>;
};

/** What callers rely on, whatever keeps the strikes. `underTest` starts each test without any. */
export function strikesContract(underTest: () => StrikesUnderTest): void {
  const LONG = { strikeMs: 60_000, recentMs: 60_000 };
  const key = (id: string, tenantId = "tenant-a") => ({ tenantId, id });

  it("gives one of many refusals at once the first strike, because one check of a key is enough", async () => {
    const strikes = underTest().make(LONG);
    const noted = await Promise.all(Array.from({ length: 10 }, () => strikes.note(key("1"))));
    expect(noted.filter((each) => each === "first")).toHaveLength(1);
  });

  it("keeps keys apart, also those of one id in two tenants", async () => {
    const strikes = underTest().make(LONG);
    expect(await strikes.note(key("1"))).toBe("first");
    expect(await strikes.note(key("2"))).toBe("first");
    expect(await strikes.note(key("1", "tenant-b"))).toBe("first");
    expect(await strikes.recent()).toBe(3);
  });

  it("counts a key once, however often it is refused", async () => {
    const strikes = underTest().make(LONG);
    await strikes.note(key("1"));
    await strikes.note(key("1"));
    expect(await strikes.recent()).toBe(1);
  });

  it("forgets a key whose refusals are cleared, and no other", async () => {
    const strikes = underTest().make(LONG);
    await strikes.note(key("1"));
    await strikes.note(key("2"));
    await strikes.clear(key("1"));
    expect(await strikes.recent()).toBe(1);
    expect(await strikes.note(key("1"))).toBe("first");
    expect(await strikes.note(key("2"))).toBe("known");
  });

  it("lets a strike end, because its check may have been lost", async () => {
    const strikes = underTest().make({ ...LONG, strikeMs: 50 });
    await strikes.note(key("1"));
    await underTest().pass(60);
    expect(await strikes.note(key("1"))).toBe("first");
  });

  it("counts only what is of late, because keys fail one by one all the year round", async () => {
    const strikes = underTest().make({ ...LONG, recentMs: 200 });
    await strikes.note(key("1"));
    await underTest().pass(210);
    expect(await strikes.recent()).toBe(0);
    await strikes.note(key("2"));
    expect(await strikes.recent()).toBe(1);
  });
}
