import { describe, expect, it } from "vitest";
import { answer } from "../../src/answer/answer.ts";
import type { UpstreamReply } from "../../src/core/ports.ts";
import { json, timeline } from "../support/timeline.ts";

const CALL = "/userid/?username=tiktok";
const REFUSED = json('{"message":"Your account is suspended"}');
const CHECK = { kind: "check-key", tenantId: "tenant", upstreamKeyId: "own" };

/** A tenant on a key of its own, and the messages that were queued, with their delays. */
function ownKey() {
  const t = timeline();
  const queued: object[] = [];
  const state = { queue: "up" as "up" | "down" };
  t.keys.splice(0, 1, { id: "own", secret: "own", cap: 200, owner: "tenant" });
  const ports = {
    ...t.ports,
    checkKeyMs: 9_001,
    controlQueue: {
      send: async (messages: readonly object[], delaySeconds?: number) => {
        if (state.queue === "down") throw new Error("the queue refuses");
        queued.push(...messages.map((message) => ({ message, delaySeconds })));
      },
    },
  };
  const ask = async (reply: UpstreamReply = REFUSED) => {
    t.replies(async () => reply);
    const given = await answer(ports, t.ask(CALL));
    await t.settled();
    return given;
  };
  return { ...t, ports, queued, state, asking: ask };
}

describe("a tenant's own key that the upstream refuses", () => {
  it("is checked once, some seconds later, because the refusals that follow have the same cause", async () => {
    const t = ownKey();
    for (let times = 0; times < 3; times += 1) await t.asking();
    expect(t.queued).toEqual([{ message: CHECK, delaySeconds: 10 }]);
  });

  it("is checked after the next refusal when the queue refused the first message, because nobody else sends it", async () => {
    const t = ownKey();
    t.state.queue = "down";
    await t.asking();
    t.state.queue = "up";
    // Nobody repeats a call that failed for two seconds.
    t.advance(2_000);
    await t.asking();
    expect(t.queued).toMatchObject([{ message: CHECK }]);
  });

  it("costs the request nothing when Redis takes no note", async () => {
    const t = ownKey();
    const strikes = { ...t.strikes, note: () => Promise.reject(new Error("Redis down")) };
    expect(await answer({ ...t.ports, strikes }, t.ask(CALL))).toMatchObject({ kind: "fetched" });
    await t.settled();
    expect(t.sent).toHaveLength(1);
  });

  it.each([
    { reply: json('{"id":"107955"}'), because: "it was served" },
    { reply: json('{"status":"error","message":"Not found"}'), because: "what it asked for is not there" },
    { reply: json('{"status":"error","message":"?","code":7}'), because: "that may be about anything" },
    { reply: json("{}", 429), because: "it asked too often" },
    { reply: json("{}", 500), because: "the upstream failed" },
    { reply: { kind: "failed", reason: "timeout", status: 0 } as const, because: "no reply came" },
  ])("is not struck for less: $because", async ({ reply }) => {
    const t = ownKey();
    await t.asking(reply);
    expect(t.queued).toEqual([]);
    expect(await t.strikes.recent()).toBe(0);
  });
});
