import { describe, expect, it } from "vitest";
import { upstashLeases } from "../../src/adapters/upstash-leases.ts";
import type { Leases } from "../../src/core/upkeep-ports.ts";
import { runLeased } from "../../src/cron/run-leased.ts";
import { useLocalRedis } from "../support/local-redis.ts";

const LEASE_MS = 60_000;

/** Runs of the clock over leases; what was logged is in `logged`. */
function runs(leases: Leases) {
  const logged: string[] = [];
  const log = { info: () => undefined, error: (event: string) => void logged.push(event) };
  return {
    logged,
    run: (name: string, work: () => Promise<number | void>) => runLeased({ leases, log }, [{ name, run: work }]),
  };
}

describe("jobs of the clock", () => {
  const redis = useLocalRedis();
  const leases = (clock = Date.now) => upstashLeases(redis().client, LEASE_MS, clock);

  it("run once when five runs of the clock come together, and again at the next", async () => {
    const { run } = runs(leases());
    let [count, running] = [0, Promise.withResolvers<void>()];
    const work = async () => {
      count += 1;
      await running.promise;
    };
    const first = run("together", work);
    await expect.poll(() => count).toBe(1);
    await Promise.all(Array.from({ length: 4 }, () => run("together", work)));
    expect(count).toBe(1);
    running.resolve();
    await first;
    running = Promise.withResolvers<void>();
    running.resolve();
    await run("together", work);
    expect(count).toBe(2);
  });

  it("hold up no other job", async () => {
    const { run } = runs(leases());
    const ran: string[] = [];
    await run("one", () => run("other", async () => void ran.push("other")));
    expect(ran).toEqual(["other"]);
  });

  it("rest for as long as they say", async () => {
    const { run } = runs(leases());
    const ran: string[] = [];
    const work = async () => {
      ran.push("ran");
      return 60_000;
    };
    await run("resting", work);
    await run("resting", work);
    expect(ran).toEqual(["ran"]);
    expect(await redis().direct.pttl("tkl:cron:resting")).toBeGreaterThan(50_000);
  });

  it("do not rest after a failure, which is logged and ends nothing else", async () => {
    const { run, logged } = runs(leases());
    await run("failing", () => Promise.reject(new Error("Postgres down")));
    expect(logged).toEqual(["job-failed"]);
    expect(await redis().direct.exists("tkl:cron:failing")).toBe(0);
  });

  it("leave the lease to whoever has it now, when they took longer than their own", async () => {
    let nowMs = 0;
    const { run } = runs(leases(() => nowMs));
    await run("slow", async () => {
      nowMs = LEASE_MS;
      await redis().direct.set("tkl:cron:slow", "somebody else's");
      return 5;
    });
    expect(await redis().direct.get("tkl:cron:slow")).toBe("somebody else's");
    expect(await redis().direct.pttl("tkl:cron:slow")).toBe(-1);
  });

  it("are asked about with one command, and each that runs costs two more, because that is each minute's price", async () => {
    const { run } = runs(leases());
    await run("resting", async () => 60_000);
    expect(await redis().commandsOf(() => run("resting", async () => undefined))).toBe(1);
    expect(await redis().commandsOf(() => run("each minute's", async () => undefined))).toBe(3);
  });

  it("end their lease by themselves when the Worker is killed", async () => {
    await leases().take("killed");
    const ms = await redis().direct.pttl("tkl:cron:killed");
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThanOrEqual(LEASE_MS);
  });
});

it("run without Redis all the same, because what needs only Postgres must go on", async () => {
  const down = () => Promise.reject(new Error("Redis down"));
  let count = 0;
  const { run, logged } = runs({ free: down, take: down });
  await run("sweep", async () => void (count += 1));
  expect(count).toBe(1);
  expect(logged).toEqual(["jobs-unleased", "job-unleased"]);
});

it("do not fail when Redis goes away while they run: their lease ends by itself", async () => {
  const giveBack = () => Promise.reject(new Error("Redis down"));
  const { run, logged } = runs({ free: async (jobs) => jobs, take: async () => ({ giveBack }) });
  await run("sweep", async () => undefined);
  expect(logged).toEqual(["lease-not-given-back"]);
});
