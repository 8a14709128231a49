import { describe, expect, it } from "vitest";
import { memoryKeyRecords } from "../../src/adapters/memory-key-records.ts";
import type { KeyLookup } from "../../src/core/ports.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";
import { findKey } from "../../src/proxy/find-key.ts";

const KEY = "abcdefghijkl";

function setUp() {
  let nowMs = 1_000_000;
  const asked: string[] = [];
  const shared = new Map<string, KeyRecord>();
  const state = { postgres: "up" as "up" | "down", exists: true, redis: "up" as "up" | "down", allowed: true };
  const record = (): KeyRecord => ({
    keyId: KEY,
    digest: "00",
    pepperVersion: 1,
    permissions: ["data"],
    expiresAtMs: null,
    revokedAtMs: null,
    readAtMs: nowMs,
    tenant: {
      id: "t",
      name: "t",
      plan: "free",
      status: "active",
      keyMode: "shared",
      region: "default",
      cacheScope: "pool",
      burst: { capacity: 1, refillPerSecond: 1 },
      upstreamKey: null,
    },
  });
  const newIsolate = () => ({
    keyMemory: memoryKeyRecords(10_000, () => nowMs),
    keyRecords: {
      get: async (keyId: string): Promise<KeyLookup> => {
        asked.push("redis");
        if (state.redis === "down") return { kind: "unavailable" };
        const known = shared.get(keyId);
        return known === undefined ? { kind: "absent" } : { kind: "found", record: known };
      },
      put: async (put: KeyRecord) => void shared.set(put.keyId, put),
      drop: async (keyId: string) => void shared.delete(keyId),
    },
    keyDirectory: {
      find: async (): Promise<KeyLookup> => {
        asked.push("postgres");
        if (state.postgres === "down") return { kind: "unavailable" };
        return state.exists ? { kind: "found", record: record() } : { kind: "absent" };
      },
    },
    clock: () => nowMs,
    keyFreshMs: 10_000,
    keyOutageMs: 600_000,
  });
  let ports = newIsolate();
  const behind: Promise<unknown>[] = [];
  const find = async () => {
    asked.length = 0;
    const wait = { within: <T>(work: () => Promise<T>) => work() };
    const found = await findKey(ports, {
      keyId: KEY,
      wait,
      background: (p) => void behind.push(p),
      allowed: async () => state.allowed,
    });
    await Promise.all(behind.splice(0));
    return { kind: found.kind, asked: [...asked] };
  };
  return { state, find, advance: (ms: number) => void (nowMs += ms), restart: () => void (ports = newIsolate()) };
}

describe("a key's record", () => {
  it("is asked for in the isolate, then in Redis, then in Postgres", async () => {
    const t = setUp();
    expect(await t.find()).toEqual({ kind: "found", asked: ["redis", "postgres"] });
    expect(await t.find()).toEqual({ kind: "found", asked: [] });
    t.restart();
    expect(await t.find()).toEqual({ kind: "found", asked: ["redis"] });
  });

  it("is read from Postgres again 10 s after Postgres was read, whichever layer it came from", async () => {
    const t = setUp();
    await t.find();
    t.advance(9_999);
    t.restart();
    expect((await t.find()).asked).toEqual(["redis"]);
    t.advance(1);
    expect((await t.find()).asked).toEqual(["redis", "postgres"]);
  });

  it("is not trusted when an isolate with a fast clock read it, because the bound on revocation would grow by as much", async () => {
    const t = setUp();
    t.advance(300_000);
    await t.find();
    t.advance(-300_000);
    t.restart();
    expect((await t.find()).asked).toEqual(["redis", "postgres"]);
  });

  it("counts for 10 minutes while Postgres is down, and then no more", async () => {
    const t = setUp();
    await t.find();
    t.state.postgres = "down";
    t.advance(599_999);
    expect((await t.find()).kind).toBe("found");
    t.restart();
    expect((await t.find()).kind).toBe("found");
    t.advance(1);
    expect((await t.find()).kind).toBe("unavailable");
  });

  it("stops at once when Postgres says that the key is gone, however young the copies are", async () => {
    const t = setUp();
    await t.find();
    t.advance(10_000);
    t.state.exists = false;
    expect((await t.find()).kind).toBe("absent");
    t.state.postgres = "down";
    expect((await t.find()).kind).toBe("absent");
    t.advance(10_001);
    expect((await t.find()).kind).toBe("unavailable");
  });

  it("is never let in on Redis' silence: Postgres decides", async () => {
    const t = setUp();
    t.state.redis = "down";
    expect(await t.find()).toEqual({ kind: "found", asked: ["redis", "postgres"] });
    t.restart();
    t.state.postgres = "down";
    expect((await t.find()).kind).toBe("unavailable");
  });

  it("that nobody knows is remembered as unknown for 10 s, so that guessing asks nobody", async () => {
    const t = setUp();
    t.state.exists = false;
    expect(await t.find()).toEqual({ kind: "absent", asked: ["redis", "postgres"] });
    t.advance(9_999);
    expect(await t.find()).toEqual({ kind: "absent", asked: [] });
    t.advance(1);
    expect((await t.find()).asked).toEqual(["redis", "postgres"]);
  });

  it("that nobody has seen is not looked up for an address that asked too often, and known keys from there are", async () => {
    const t = setUp();
    t.state.allowed = false;
    expect(await t.find()).toEqual({ kind: "limited", asked: ["redis"] });
    t.state.allowed = true;
    await t.find();
    t.state.allowed = false;
    t.advance(10_000);
    expect((await t.find()).kind).toBe("found");
  });
});
