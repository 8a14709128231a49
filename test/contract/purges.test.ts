import { describe, expect, it } from "vitest";
import { upstashAnswers } from "../../src/adapters/upstash-answers.ts";
import { timeOf, upstashPurges } from "../../src/adapters/upstash-purges.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { memorySharedAnswers } from "../support/memory-answers-store.ts";
import { silentLog } from "../support/silent-log.ts";
import { callTarget, keyOf, POOL, purgesContract } from "./purges.contract.ts";

const KEEP_MS = 60_000;

describe("purges in Redis", () => {
  const redis = useLocalRedis();
  const purges = () => upstashPurges(redis().client, { keepMs: KEEP_MS, ledgerTime: () => timeOf(redis().client) });

  purgesContract(async () => ({ ...upstashAnswers(redis().client, Date.now, silentLog), ...purges() }));

  it("are kept for as long as an answer can live, and no longer", async () => {
    await purges().mark({ view: POOL, targets: [{ kind: "everything" }], mode: "hard" });
    const [mark = ""] = await redis().direct.keys("tkp:*");
    const leftMs = await redis().direct.pttl(mark);
    expect(leftMs).toBeGreaterThan(KEEP_MS - 5_000);
    expect(leftMs).toBeLessThanOrEqual(KEEP_MS);
  });

  it("keep the later time when Redis' clock was set back, because what was purged stays so", async () => {
    const laterMs = Date.now() + 3_600_000;
    await redis().direct.set(`tkp:${POOL}:all`, `${laterMs} 0`);
    await purges().mark({ view: POOL, targets: [{ kind: "everything" }], mode: "hard" });
    expect(await redis().direct.get(`tkp:${POOL}:all`)).toBe(`${laterMs} 0`);
  });

  it("are at a time by the clock by which dispatches are reserved, where the ledger has a Redis of its own", async () => {
    const elsewhere = upstashPurges(redis().client, { keepMs: KEEP_MS, ledgerTime: async () => 1_800_000_000_123 });
    const { atMs } = await elsewhere.mark({ view: POOL, targets: [{ kind: "everything" }], mode: "soft" });
    expect(atMs).toBe(1_800_000_000_123);
    expect(await redis().direct.get(`tkp:${POOL}:all`)).toBe("0 1800000000123");
  });

  it("mark nothing when the ledger does not say what time it is", async () => {
    const ledgerTime = () => Promise.reject(new Error("down"));
    const elsewhere = upstashPurges(redis().client, { keepMs: KEEP_MS, ledgerTime });
    await expect(elsewhere.mark({ view: POOL, targets: [{ kind: "everything" }], mode: "hard" })).rejects.toThrow(
      Unavailable,
    );
    expect(await redis().direct.keys("*")).toEqual([]);
  });

  it("cost one command, and two for each target", async () => {
    const target = await callTarget(keyOf("/userid/?username=one"));
    const targets = [target, { kind: "everything" } as const];
    await purges().mark({ view: POOL, targets, mode: "hard" });
    expect(await redis().commandsOf(() => purges().mark({ view: POOL, targets, mode: "hard" }))).toBe(5);
  });

  it("throw, and purge nothing, when Redis does not answer", async () => {
    await redis().fault({ kind: "down", times: null });
    await expect(purges().mark({ view: POOL, targets: [{ kind: "everything" }], mode: "hard" })).rejects.toThrow(
      Unavailable,
    );
    await redis().clearFaults();
    expect(await redis().direct.keys("*")).toEqual([]);
  });
});

describe("purges in memory", () => {
  purgesContract(async () => memorySharedAnswers(Date.now));
});
