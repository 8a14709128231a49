import { expect, it } from "vitest";
import type { RefreshTurns } from "../../src/core/ports.ts";

export type TurnsUnderTest = {
  make(turnMs: number): RefreshTurns;
  /** Resolves when so much time is over for the turns. */
  pass(ms: number): Promise<void>;
};

/** What keeps a refresh from being asked for, or done, twice. `underTest` starts each test without any turns. */
export function refreshTurnsContract(underTest: () => TurnsUnderTest): void {
  it("gives the turn to one of many who come at once", async () => {
    const turns = underTest().make(60_000);
    const taken = await Promise.all(Array.from({ length: 10 }, () => turns.take("one")));
    expect(taken.filter((each) => each)).toHaveLength(1);
  });

  it("gives each answer a turn of its own", async () => {
    const turns = underTest().make(60_000);
    await turns.take("apart");
    expect(await turns.take("from it")).toBe(true);
  });

  it("gives it again when its while is over, which nobody prolongs who comes meanwhile", async () => {
    const turns = underTest().make(300);
    await turns.take("again");
    await underTest().pass(200);
    expect(await turns.take("again")).toBe(false);
    await underTest().pass(110);
    expect(await turns.take("again")).toBe(true);
  });
}
