import { describe, expect, it } from "vitest";
import { PLATFORM, type Act } from "../../src/core/act.ts";
import type { ControlMessage } from "../../src/core/control-ports.ts";
import type { Spending } from "../../src/core/statement-ports.ts";
import { watchBalances } from "../../src/cron/watch-balances.ts";

const NOON = Date.parse("2026-11-20T12:00:00Z");
const MINUTE = 60_000;
const enough: Spending = {
  reading: { id: "reading-1", balance: 9_000, read_at: "2026-11-20T00:00:00.000Z" },
  charged: 1_000,
  inDoubt: 0,
  chargedLastDay: 1_000,
};

/** One run over two keys, of which the first is as given and the second was never read; tells what became known of it. */
async function run({ spending = enough, told = false }: { spending?: Spending | Error; told?: boolean }) {
  const acts: Act[] = [];
  const sent: ControlMessage[] = [];
  const logged: string[] = [];
  const nothing = () => Promise.reject(new Error("the cron looks at what was spent"));
  const low = "platform-0000aaaa";
  const restMs = await watchBalances({
    keyReadings: {
      add: nothing,
      list: nothing,
      spending: async (id) => {
        if (id !== low) return undefined;
        if (spending instanceof Error) throw spending;
        return spending;
      },
      noteLow: async (act) => {
        acts.push(act);
        return told ? { kind: "conflict", because: "told" } : { kind: "done", row: {} };
      },
    },
    platformKeyIds: async () => [low, "platform-0000bbbb"],
    controlQueue: { send: async (messages) => void sent.push(...messages) },
    balanceAlertCredits: 5_000,
    balanceWatchMs: 10 * MINUTE,
    clock: () => NOON,
    newRequestId: () => "request",
    log: { info: (event) => void logged.push(event), error: (event) => void logged.push(event) },
  });
  return { acts, sent, logged, restMs };
}

describe("the operator is told", () => {
  it("of a balance below the limit, in an event with the reading's id", async () => {
    const { acts, sent } = await run({ spending: { ...enough, charged: 4_500, inDoubt: 1 } });
    const data = {
      upstream_key_id: "platform-0000aaaa",
      estimated_balance: 4_500,
      least_balance: 4_499,
      gone_at: "2026-11-24T23:58:33.600Z",
    };
    expect(acts).toMatchObject([{ event: { id: "reading-1", type: "platform_key.balance_low", data } }]);
    expect(sent).toEqual([{ kind: "event", tenantId: PLATFORM, eventId: "reading-1" }]);
  });

  it("of a balance that is gone within a day", async () => {
    expect((await run({ spending: { ...enough, chargedLastDay: 8_001 } })).sent).toHaveLength(1);
  });

  it("not again of the same reading", async () => {
    expect(await run({ spending: { ...enough, charged: 9_000 }, told: true })).toMatchObject({ sent: [], logged: [] });
  });

  it("not while there is enough", async () => {
    expect(await run({})).toMatchObject({ acts: [], sent: [], logged: [] });
  });
});

it("rests between two looks, since each sums what a day brought", async () => {
  expect((await run({})).restMs).toBe(10 * MINUTE);
});

it("leaves a key that it could not look at to the next time, and ends no other job of the cron", async () => {
  expect(await run({ spending: new Error("down") })).toMatchObject({
    acts: [],
    sent: [],
    logged: ["balance-not-watched"],
  });
});
