import { describe, expect, it } from "vitest";
import { memoryKeyRecords } from "../../src/adapters/memory-key-records.ts";
import { knownChanges } from "../../src/core/changes.ts";
import type { Confirm } from "../../src/core/control-ports.ts";
import type { Alongside, KeyLookup } from "../../src/core/ports.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";
import { findKey } from "../../src/proxy/find-key.ts";
import { nothingAlongside } from "../support/reading.ts";
import { sampleKeyRecord } from "../support/sample-key-record.ts";

const KEY = "abcdefghijkl";

function setUp() {
  let nowMs = 1_000_000;
  const asked: string[] = [];
  const shared = new Map<string, KeyRecord>();
  const state = {
    postgres: "up" as "up" | "down",
    exists: true,
    redis: "up" as "up" | "down",
    allowed: true,
    log: "unread" as "up" | "unread",
    isAfterGap: false,
  };
  const changes = knownChanges({ gapMs: 5_000, most: 100, mostPurges: 10 });
  const record = (): KeyRecord => ({ ...sampleKeyRecord, keyId: KEY, readAtMs: nowMs });
  const sharedOf = (keyId: string): KeyLookup => {
    const known = shared.get(keyId);
    return known === undefined ? { kind: "absent" } : { kind: "found", record: known };
  };
  const newIsolate = () => ({
    confirm: {
      refresh: () => ({
        alongside: nothingAlongside,
        isAfterGap: state.isAfterGap,
        done: async (also: readonly Alongside[] = []) => {
          if (state.log === "up") changes.confirm(nowMs, true);
          for (const each of also) each.heard([], { askedAtMs: nowMs, redisMs: nowMs });
        },
      }),
      vouchesFor: (read: Parameters<Confirm["vouchesFor"]>[0]) => changes.vouchesFor(read),
    },
    keyMemory: memoryKeyRecords(10_000, () => nowMs),
    keyRecords: {
      get: async (keyId: string): Promise<KeyLookup> => {
        asked.push("redis");
        return state.redis === "down" ? { kind: "unavailable" } : sharedOf(keyId);
      },
      alongside: (keyId: string) => {
        let told: KeyLookup | undefined;
        const heard = () => {
          asked.push("with the log");
          told = sharedOf(keyId);
        };
        return { names: [keyId], wantsTime: true, heard, told: () => told };
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
    }).found();
    while (behind.length > 0) await Promise.all(behind.splice(0));
    return { kind: found.kind, asked: [...asked] };
  };
  return {
    state,
    find,
    changes,
    shared,
    record,
    now: () => nowMs,
    advance: (ms: number) => void (nowMs += ms),
    restart: () => void (ports = newIsolate()),
  };
}

describe("a key's record that no log vouches for", () => {
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

  it("is the newer one of the isolate's and of Redis', so that one isolate asks Postgres for all", async () => {
    const t = setUp();
    await t.find();
    t.advance(9_000);
    t.shared.set(KEY, t.record());
    t.advance(1_000);
    expect(await t.find()).toEqual({ kind: "found", asked: ["redis"] });
    expect(await t.find(), "and is kept").toEqual({ kind: "found", asked: [] });
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

describe("a key's record while the log of changes is followed", () => {
  /** The isolate follows the log, and has read the key since it does. */
  const followed = async () => {
    const t = setUp();
    t.state.log = "up";
    t.changes.confirm(t.now(), false);
    t.advance(1_001);
    await t.find();
    return t;
  };
  const everySecond = async (t: Awaited<ReturnType<typeof followed>>, seconds: number) => {
    const asked: string[] = [];
    for (let second = 0; second < seconds; second += 1) {
      t.advance(1_000);
      const found = await t.find();
      expect(found.kind).toBe("found");
      asked.push(...found.asked);
    }
    return asked;
  };

  it("counts for as long as the log vouches for it, because Postgres has nothing else to say", async () => {
    const t = await followed();
    expect(await everySecond(t, 120)).toEqual([]);
  });

  it("goes back to Postgres 10 s after the log was last read, because a change may stand in it since", async () => {
    const t = await followed();
    await everySecond(t, 60);
    t.state.log = "unread";
    t.advance(9_999);
    expect((await t.find()).asked).toEqual([]);
    t.advance(1);
    expect((await t.find()).asked).toEqual(["redis", "postgres"]);
  });

  it.each([
    { change: { kind: "key", keyId: KEY } as const, because: "it is about the key" },
    { change: { kind: "tenant", tenantId: sampleKeyRecord.tenant.id } as const, because: "it is about its tenant" },
  ])("ends with a change, however young the copies in the isolate and in Redis are: $because", async ({ change }) => {
    const t = await followed();
    t.advance(2_000);
    t.changes.note(change, t.now());
    expect((await t.find()).asked).toEqual(["redis", "postgres"]);
    t.restart();
    expect((await t.find()).asked).toEqual(["redis", "postgres"]);
    t.advance(1_001);
    expect((await t.find()).asked).toEqual(["redis", "postgres"]);
    expect((await t.find()).asked).toEqual([]);
  });

  it("is asked for with the log itself after a gap, once it is not young any more: the log will not vouch for it", async () => {
    const t = await followed();
    t.state.isAfterGap = true;
    t.advance(9_999);
    expect((await t.find()).asked).toEqual([]);
    t.advance(10_000);
    t.changes.confirm(t.now(), false);
    t.shared.set(KEY, t.record());
    expect(await t.find(), "another isolate has just read it").toEqual({ kind: "found", asked: ["with the log"] });
    expect((await t.find()).asked, "it is young now").toEqual([]);
  });

  it("goes to Postgres where the one that came with the log is no younger", async () => {
    const t = await followed();
    t.state.isAfterGap = true;
    t.advance(20_000);
    t.changes.confirm(t.now(), false);
    expect((await t.find()).asked).toEqual(["with the log", "postgres"]);
  });

  it("stays as it is when something else was changed", async () => {
    const t = await followed();
    t.changes.note({ kind: "key", keyId: "othersothers" }, t.now());
    t.changes.note({ kind: "tenant", tenantId: "00000000-0000-4000-8000-00000000000f" }, t.now());
    expect((await t.find()).asked).toEqual([]);
  });

  it("is not used after a change while Postgres is down, because revocation comes before availability", async () => {
    const t = await followed();
    t.advance(2_000);
    t.state.postgres = "down";
    expect((await t.find()).kind).toBe("found");
    t.changes.note({ kind: "key", keyId: KEY }, t.now());
    expect((await t.find()).kind).toBe("unavailable");
  });

  it("is looked up at once when the key was issued after Postgres did not know it", async () => {
    const t = await followed();
    t.restart();
    t.state.exists = false;
    t.advance(2_000);
    t.changes.note({ kind: "key", keyId: KEY }, t.now());
    expect((await t.find()).kind).toBe("absent");
    t.advance(2_000);
    expect(await t.find()).toEqual({ kind: "absent", asked: ["redis", "postgres"] });
    expect(await t.find()).toEqual({ kind: "absent", asked: [] });
    t.state.exists = true;
    t.changes.note({ kind: "key", keyId: KEY }, t.now());
    expect((await t.find()).kind).toBe("found");
  });

  it("is read again behind a response when half of its time is over, so that an outage finds it with minutes left", async () => {
    const t = await followed();
    expect(await everySecond(t, 299)).toEqual([]);
    t.advance(1_000);
    expect(await t.find()).toEqual({ kind: "found", asked: ["postgres"] });
    t.state.postgres = "down";
    expect(await everySecond(t, 299)).toEqual([]);
  });

  it("is read again by one request a second when Postgres does not answer", async () => {
    const t = await followed();
    await everySecond(t, 299);
    t.state.postgres = "down";
    t.advance(1_000);
    expect((await t.find()).asked).toEqual(["postgres"]);
    expect((await t.find()).asked).toEqual([]);
    t.advance(1_000);
    expect((await t.find()).asked).toEqual(["postgres"]);
  });
});
