import { describe, expect, it } from "vitest";
import { answer, type Ask } from "../../src/answer/answer.ts";
import { NO_DEMAND } from "../../src/core/directives.ts";
import type { WaitBudget } from "../../src/core/ports.ts";
import { nothingAlongside } from "../support/reading.ts";
import { timeline } from "../support/timeline.ts";

const CALL = "/userid/?username=tiktok";

/** A timeline that holds the answer already, and a request whose admission is decided by the test. */
async function setUp({ cached }: { readonly cached: boolean }) {
  const t = timeline();
  if (cached) {
    await answer(t.ports, t.ask(CALL));
    await t.settled();
    t.story.length = 0;
  }
  const admission = Promise.withResolvers<void>();
  admission.promise.catch(() => undefined);
  const purge = async () => {
    const purged = { scope: "pool:default", targets: [{ kind: "everything" }], mode: "hard" } as const;
    const { atMs } = await t.redis.mark({ view: purged.scope, targets: purged.targets, mode: purged.mode });
    await t.ports.changes.publish([{ kind: "purge", ...purged, targets: [...purged.targets], atMs }]);
  };
  const asking = (more: Partial<Ask> = {}) =>
    answer(t.ports, { ...t.ask(CALL), admission: () => admission.promise, ...more });
  /** Whatever can happen without the admission has happened. */
  const meanwhile = () => new Promise((resolve) => setTimeout(resolve, 5));
  return { t, admission, asking, meanwhile, purge };
}

describe("a request that is not admitted yet", () => {
  it("is looked up meanwhile, and nothing is reserved for it", async () => {
    const { t, admission, asking, meanwhile } = await setUp({ cached: false });
    const answering = asking();
    await meanwhile();
    expect(t.story).toEqual([]);
    admission.resolve();
    expect(await answering).toMatchObject({ kind: "fetched" });
    expect(t.story.slice(0, 2)).toEqual(["reserve", "dispatch"]);
  });

  it.each([
    { nearby: true, times: 0, because: "nothing goes to Redis" },
    { nearby: false, times: 1, because: "it is asked with the answer, before the admission is" },
  ])("takes what is wanted alongside to Redis $times times: $because", async ({ nearby, times }) => {
    const { t } = await setUp({ cached: true });
    if (!nearby) t.advance(61_000);
    t.colo.isDown = !nearby;
    const steps: string[] = [];
    const get: typeof t.redis.get = (key, views, alongside = []) => {
      steps.push(...alongside.flatMap(({ names }) => names));
      return t.redis.get(key, views);
    };
    const admission = async () => void steps.push("admission");
    const ask = { ...t.ask(CALL), admission, alongside: [{ ...nothingAlongside, names: ["the log"] }] };
    expect(await answer({ ...t.ports, redis: { ...t.redis, get } }, ask)).toMatchObject({ kind: "hit" });
    expect(steps).toEqual([...Array.from({ length: times }, () => "the log"), "admission"]);
  });

  it.each([{ cached: true }, { cached: false }])("and never is gets nothing, $cached it or not", async ({ cached }) => {
    const { t, admission, asking } = await setUp({ cached });
    const answering = asking();
    admission.reject(new Error("refused"));
    await expect(answering).rejects.toThrow("refused");
    expect(t.story).toEqual([]);
    expect(t.refreshes).toEqual([]);
  });

  it("asks for no refresh of what is past its time", async () => {
    const { t, admission, asking, meanwhile } = await setUp({ cached: true });
    t.advance(25 * 3_600_000);
    const answering = asking();
    await meanwhile();
    expect(t.refreshes).toEqual([]);
    admission.resolve();
    expect(await answering).toMatchObject({ kind: "refreshing" });
    await t.settled();
    expect(t.refreshes).toHaveLength(1);
  });

  it("is not served a copy that was purged while it waited: the log tells both", async () => {
    const { admission, asking, meanwhile, purge } = await setUp({ cached: true });
    const answering = asking();
    await meanwhile();
    await purge();
    admission.resolve();
    expect(await answering).toMatchObject({ kind: "fetched" });
  });

  it("is not served it either where Redis did not answer but the log did", async () => {
    const { t, admission, asking, meanwhile, purge } = await setUp({ cached: true });
    t.advance(61_000);
    const wait: WaitBudget = { within: async (_work, otherwise) => otherwise };
    t.colo.isDown = true;
    const served = await asking({ wait, admission: undefined });
    expect(served).toMatchObject({ kind: "hit", outage: true });
    const answering = asking({ wait });
    await meanwhile();
    await purge();
    admission.resolve();
    expect(await answering).toEqual({ kind: "refused", because: "answers-unavailable" });
  });

  it("is served the copy that was found when nothing was purged, without being looked up again", async () => {
    const { t, admission, asking } = await setUp({ cached: true });
    const lookups: string[] = [];
    const memory = {
      ...t.ports.memory,
      get: (identity: string) => (lookups.push(identity), t.ports.memory.get(identity)),
    };
    const answering = answer(
      { ...t.ports, memory },
      { ...t.ask(CALL), admission: () => admission.promise, demand: NO_DEMAND },
    );
    admission.resolve();
    expect(await answering).toMatchObject({ kind: "hit", tier: "memory" });
    expect(lookups).toHaveLength(1);
    expect(await asking()).toMatchObject({ kind: "hit" });
  });
});
