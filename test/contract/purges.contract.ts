import { expect, it } from "vitest";
import { answerKey } from "../../src/core/answer-key.ts";
import type { AnswerKey, SharedAnswers } from "../../src/core/ports.ts";
import { NEVER_PURGED, type PurgedAt, type Purges, type PurgeTarget } from "../../src/core/purge.ts";
import { callOf } from "../../src/core/parameters.ts";
import type { Entry } from "../../src/core/entry.ts";

export const POOL = "pool:default";
const OWN = "tenant:one";

export function keyOf(path: string, scope = POOL): AnswerKey {
  const call = callOf(path);
  if (call === undefined) throw new Error(`${path} is no call`);
  return answerKey({ call, scope, tier: "download", namespaceVersion: "1" });
}

function entryFor(key: AnswerKey): Entry {
  const head = { status: 200, contentType: "application/json", body: "{}", etag: '"e"', derived: false } as const;
  const windows = { windows: "userid", freshMs: 60_000, staleMs: 0, errorMs: 0 } as const;
  return { ...head, ...windows, identity: key.identity, kind: "answer", fetchedAtMs: Date.now(), reservedAtMs: 0 };
}

export async function callTarget(key: AnswerKey): Promise<PurgeTarget> {
  return { kind: "call", identity: key.identity, digest: await key.digest() };
}

const everything: PurgeTarget = { kind: "everything" };
const byId: PurgeTarget = { kind: "subject", subject: "user:1" };

/** What purges promise with the answers that they are about. */
export function purgesContract(make: () => Promise<Purges & SharedAnswers>): void {
  /** Answers that are kept: of one user by name, by id and on two pages, and of another. */
  const paths = [
    "/userid/?username=one",
    "/userinfo-by-id/?userid=1",
    "/user-posts/?userid=1",
    "/userid/?username=two",
  ];
  const kept = async () => {
    const store = await make();
    for (const path of paths) {
      const key = keyOf(path);
      await store.put(key, { entry: entryFor(key), confirmedAtMs: Date.now() });
    }
    const purged = async (path: string, views: readonly string[] = [POOL]): Promise<PurgedAt> => {
      const found = await store.get(keyOf(path), views);
      if (found.kind !== "found") throw new Error(`${path} is ${found.kind}`);
      return found.purged;
    };
    /** Which of them were purged for this reader. */
    const goneFor = async (...views: readonly string[]) => {
      const all = await Promise.all(paths.map(async (path) => ({ path, at: await purged(path, views) })));
      return all.filter(({ at }) => at.hardMs > 0).map(({ path }) => path);
    };
    return { ...store, purged, goneFor };
  };

  it.each([
    { what: "a call", target: callTarget(keyOf("/userid/?username=one")), gone: ["/userid/?username=one"] },
    {
      what: "a subject",
      target: Promise.resolve(byId),
      gone: ["/userinfo-by-id/?userid=1", "/user-posts/?userid=1"],
    },
    { what: "everything", target: Promise.resolve(everything), gone: paths },
  ])("purges $what, and no more", async ({ target, gone }) => {
    const store = await kept();
    expect(await store.goneFor(POOL)).toEqual([]);
    await store.mark({ view: POOL, targets: [await target], mode: "hard" });
    expect(await store.goneFor(POOL)).toEqual(gone);
  });

  it("says when, and every answer that was reserved by then is of before it", async () => {
    const store = await kept();
    const { atMs } = await store.mark({ view: POOL, targets: [everything], mode: "hard" });
    expect(Math.abs(atMs - Date.now())).toBeLessThan(5_000);
    expect(await store.purged(paths[0] ?? "")).toEqual({ hardMs: atMs, softMs: 0 });
  });

  it("purges one tenant's view of a pool for nobody else, and a pool's for everybody", async () => {
    const store = await kept();
    await store.mark({ view: OWN, targets: [everything], mode: "hard" });
    expect(await store.goneFor(POOL, OWN)).toEqual(paths);
    expect(await store.goneFor(POOL)).toEqual([]);
    expect(await store.goneFor(POOL, "tenant:two")).toEqual([]);
    await store.mark({ view: POOL, targets: [byId], mode: "hard" });
    expect(await store.goneFor(POOL, "tenant:two")).toHaveLength(2);
  });

  it("takes no hard purge back by a soft one, nor the other way round: both times are told", async () => {
    const store = await kept();
    const { atMs: hardMs } = await store.mark({ view: POOL, targets: [byId], mode: "hard" });
    const { atMs: softMs } = await store.mark({ view: POOL, targets: [byId], mode: "soft" });
    expect(await store.purged("/user-posts/?userid=1")).toEqual({ hardMs, softMs });
    const { atMs: againMs } = await store.mark({ view: POOL, targets: [byId], mode: "hard" });
    expect(await store.purged("/user-posts/?userid=1")).toEqual({ hardMs: againMs, softMs });
  });

  it("purges all that is named at once at the same time", async () => {
    const store = await kept();
    const one = await callTarget(keyOf("/userid/?username=one"));
    const { atMs: hardMs } = await store.mark({ view: POOL, targets: [one, byId], mode: "hard" });
    for (const path of paths.slice(0, 3)) expect(await store.purged(path)).toEqual({ hardMs, softMs: 0 });
    expect(await store.purged("/userid/?username=two")).toEqual(NEVER_PURGED);
  });

  it("a soft one is no hard one", async () => {
    const store = await kept();
    const { atMs: softMs } = await store.mark({ view: POOL, targets: [everything], mode: "soft" });
    expect(await store.purged("/userid/?username=one")).toEqual({ ...NEVER_PURGED, softMs });
  });
}
