import { describe, expect, it } from "vitest";
import { confirmed } from "../../src/admin/confirmed.ts";
import { silentLog } from "../support/silent-log.ts";

const change = { kind: "key", keyId: "abcdefghijkl" } as const;

/** The act's parts as doubles; what happened is in `story`, in order. */
function setUp({ queue = "up", log = "up" }: { queue?: "up" | "down"; log?: "up" | "down" } = {}) {
  const story: string[] = [];
  const ports = {
    controlQueue: {
      send: async (messages: readonly unknown[], delaySeconds?: number) => {
        if (queue === "down") throw new Error("the queue refuses");
        expect(messages).toEqual([{ kind: "change", change }]);
        story.push(`queue in ${delaySeconds} s`);
      },
    },
    changes: {
      publish: async (changes: readonly unknown[]) => {
        if (log === "down") return "unavailable" as const;
        expect(changes).toEqual([change]);
        story.push("publish");
        return "published" as const;
      },
    },
    log: silentLog,
  };
  const commit = async () => {
    story.push("commit");
    return "row";
  };
  return { story, ports, commit };
}

describe("an act that must be known everywhere", () => {
  it("tells the queue before it commits and the log after, so that a Worker ended in between has told", async () => {
    const { story, ports, commit } = setUp();
    expect(await confirmed(ports, change, commit)).toEqual({ result: "row", pending: false });
    expect(story).toEqual(["queue in 1 s", "commit", "publish"]);
  });

  it.each([
    { down: { log: "down" } as const, pending: true, because: "the queue will say it again" },
    { down: { queue: "down" } as const, pending: false, because: "it is known everywhere already" },
    { down: { queue: "down", log: "down" } as const, pending: true, because: "records age without being told" },
  ])("is done when $down does not answer, pending $pending: $because", async ({ down, pending }) => {
    const { story, ports, commit } = setUp(down);
    expect(await confirmed(ports, change, commit)).toEqual({ result: "row", pending });
    expect(story).toContain("commit");
  });

  it("is told of even when it throws, because what got no answer may have been committed", async () => {
    const { story, ports } = setUp();
    await expect(confirmed(ports, change, () => Promise.reject(new Error("no answer")))).rejects.toThrow("no answer");
    expect(story).toEqual(["queue in 1 s", "publish"]);
  });
});
