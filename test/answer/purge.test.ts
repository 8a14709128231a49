import { describe, expect, it } from "vitest";
import { callTargets, purge } from "../../src/answer/purge.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import { timeline } from "../support/timeline.ts";

const SCOPE = "pool:default";

describe("a purge of a subject", () => {
  it("purges its other name too, which one answer proved", async () => {
    const t = timeline();
    await t.redis.putBeside({ scope: SCOPE, answers: [], aliases: ["user:1", "user:@one"] });
    const purging = { scope: SCOPE, tenantId: null, mode: "hard" } as const;
    const named = { kind: "subject", subject: "user:@one" } as const;
    const other = { kind: "subject", subject: "user:1" } as const;
    expect(await purge(t.ports, { ...purging, targets: [named] })).toMatchObject({
      view: SCOPE,
      targets: [named, other],
      change: { kind: "purge", targets: [named, other] },
    });
  });

  it("purges nothing when its other name cannot be asked for, because half of it would be taken for all", async () => {
    const t = timeline();
    const marked: unknown[] = [];
    const purges: typeof t.ports.purges = {
      mark: async (purging) => (marked.push(purging), { atMs: 0 }),
    };
    t.redis.isDown = true;
    const targets = [{ kind: "subject", subject: "user:@one" }] as const;
    await expect(
      purge({ ...t.ports, purges }, { scope: SCOPE, tenantId: null, targets, mode: "hard" }),
    ).rejects.toThrow(Unavailable);
    expect(marked).toEqual([]);
  });
});

it.each([
  { scope: "tenant:one", view: "tenant:one", kind: "purge", because: "copies of it are told by the log" },
  { scope: SCOPE, view: "tenant:one", kind: "tenant", because: "others keep theirs, and its record says when" },
])("a purge by a tenant that reads $scope is told of as one of a $kind: $because", async ({ scope, view, kind }) => {
  const t = timeline();
  const targets = [{ kind: "everything" }] as const;
  const purged = await purge(t.ports, { scope, tenantId: "one", targets, mode: "hard" });
  expect(purged).toMatchObject({ view, change: { kind } });
});

it.each([
  { path: "/post-detail/?url=https://www.tiktok.com/@a/video/73", answers: 2, because: "its links are of a tier" },
  { path: "/userid/?username=tiktok", answers: 1, because: "it is the same for every key" },
])("the answers to $path are $answers: $because", async ({ path, answers }) => {
  const t = timeline();
  const { call } = t.ask(path);
  const targets = await callTargets(call, { scope: SCOPE, namespaceVersion: "1" });
  expect(new Set(targets.map((target) => JSON.stringify(target))).size).toBe(answers);
});
