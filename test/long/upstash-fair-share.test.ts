import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { upstashCounters } from "../../src/adapters/upstash-counters.ts";
import { upstashLedger } from "../../src/adapters/upstash-ledger.ts";
import { reserve, type ReservePorts } from "../../src/answer/reserve.ts";
import { callsOf, flooding, quiet } from "../support/crowds.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { LEDGER_SETTINGS, emptyBooks, sampleOrder } from "../support/sample-order.ts";
import { silentLog } from "../support/silent-log.ts";
import { mostWithin } from "../support/simulate-crowd.ts";

/** Ten times as fast as life: windows, and when tenants call. */
const FASTER = 10;
const [WINDOW_MS, JITTER_MS] = [60_000 / FASTER, 30];
/** In the crowd's own minutes: two of them, and then two that are looked at. */
const [WARM_MS, END_MS] = [120_000, 240_000];

describe("a crowd on one key in real Redis", () => {
  const redis = useLocalRedis();

  it("is held to the cap, and who is quiet is served beside one who floods", { timeout: 120_000 }, async () => {
    const call = await caller();
    const [reservedMs, answers] = [new Array<number>(), new Map<string, string[]>()];
    const groups = [quiet(150, END_MS), flooding(3, [WARM_MS, END_MS])];
    await Promise.all(
      callsOf(groups, END_MS).map(async ({ atMs, group, number }) => {
        await pause(atMs / FASTER);
        const answer = await call(`00000000-0000-4000-8000-${group}-${String(number).padStart(4, "0")}`);
        if (answer.kind === "reserved") reservedMs.push(answer.occurredAtMs);
        if (atMs >= WARM_MS) answers.set(group, [...(answers.get(group) ?? []), answer.kind]);
      }),
    );
    reservedMs.sort((a, b) => a - b);
    expect(mostWithin(reservedMs, WINDOW_MS + JITTER_MS)).toBeLessThanOrEqual(200);
    expect(mostWithin(reservedMs, 1_000 + JITTER_MS)).toBeLessThanOrEqual(50);
    const asked = answers.get("quiet") ?? [];
    expect(asked.length).toBeGreaterThan(250);
    expect(asked.filter((kind) => kind !== "reserved").length / asked.length).toBeLessThanOrEqual(0.01);
    expect(answers.get("flood"), "there was less than was asked for").toContain("busy");
  });

  /** Through the real step. Round trips are not ten times as fast, so a call is as patient as it would be. */
  async function caller() {
    const { client } = redis();
    const settings = { ...LEDGER_SETTINGS, capWindowMs: WINDOW_MS, perSecond: 50, jitterMs: JITTER_MS };
    const ports: Omit<ReservePorts, "randomBits"> = {
      ledger: upstashLedger(client, settings, silentLog),
      counters: upstashCounters(client),
      spendingBooks: { of: async (tenantId) => emptyBooks(tenantId), all: async () => [] },
      pause,
      settleAgainMs: [],
      clock: Date.now,
      capacityWaitMs: 2_000,
      log: silentLog,
    };
    const waiting = { wait: { within: <T>(work: () => Promise<T>) => work() }, background: () => undefined };
    return (tenantId: string) => {
      const { randomBits, ...order } = sampleOrder({ tenantId });
      return reserve({ ...ports, randomBits: () => randomBits }, order, waiting);
    };
  }
});
