import { expect, it } from "vitest";
import type { WarmTries } from "../../src/core/warm-ports.ts";

export type TriesUnderTest = {
  make(keepMs: number): WarmTries;
  /** Resolves when so much time is over for the tries. */
  pass(ms: number): Promise<void>;
};

/** What the job that warms relies on. `underTest` starts each test without any tries. */
export function warmTriesContract(underTest: () => TriesUnderTest): void {
  it("knows what was noted, in the order asked", async () => {
    const tries = underTest().make(60_000);
    await tries.note(["a", "b"]);
    expect(await tries.known(["b", "never", "a"])).toEqual([true, false, true]);
  });

  it("forgets after a while, because what failed once may not fail again", async () => {
    const tries = underTest().make(100);
    await tries.note(["a"]);
    await underTest().pass(110);
    expect(await tries.known(["a"])).toEqual([false]);
  });

  it("counts the while from the last time that a name was noted", async () => {
    const tries = underTest().make(400);
    await tries.note(["a"]);
    await underTest().pass(300);
    await tries.note(["a"]);
    await underTest().pass(200);
    expect(await tries.known(["a"])).toEqual([true]);
  });

  it("takes nothing for an answer when it is asked nothing", async () => {
    const tries = underTest().make(60_000);
    await tries.note([]);
    expect(await tries.known([])).toEqual([]);
  });
}
