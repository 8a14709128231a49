import { describe, expect, it } from "vitest";
import { purge } from "../../src/answer/purge.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import { timeline } from "../support/timeline.ts";

const SCOPE = "pool:default";

describe("a purge of a subject", () => {
  it("purges its other name too, which one answer proved", async () => {
    const t = timeline();
    await t.redis.link(SCOPE, ["user:1", "user:@one"]);
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
