import { beforeEach, describe, expect, it } from "vitest";
import { upstashKeyRecords } from "../../src/adapters/upstash-key-records.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";
import { useLocalRedis } from "../support/local-redis.ts";
import { sampleKeyRecord } from "../support/sample-key-record.ts";
import { silentLog } from "../support/silent-log.ts";

const MINUTE_MS = 60_000;

describe("records of keys in Redis", () => {
  const redis = useLocalRedis();
  beforeEach(() => redis().clearFaults());

  /** An isolate whose clock is off by so much. */
  const isolate = (offMs = 0) => {
    const clock = () => Date.now() + offMs;
    const records = upstashKeyRecords(redis().client, { keepMs: 10 * MINUTE_MS, clock }, silentLog);
    const record: KeyRecord = { ...sampleKeyRecord, readAtMs: clock() };
    return { ...records, record, find: () => records.get(record.keyId) };
  };

  it("are given to every isolate as they were, and kept for as long as an outage of Postgres is outlasted", async () => {
    const [one, other] = [isolate(), isolate()];
    await one.put(one.record);
    expect(await other.find()).toEqual({ kind: "found", record: one.record });
    const keptMs = await redis().direct.pttl(`tkk:${one.record.keyId}`);
    expect(keptMs).toBeGreaterThan(9 * MINUTE_MS);
    expect(keptMs).toBeLessThanOrEqual(10 * MINUTE_MS);
    await one.drop(one.record.keyId);
    expect(await other.find()).toEqual({ kind: "absent" });
  });

  it("cost two commands to read and two to keep", async () => {
    const { put, record, find } = isolate();
    await put(record);
    expect(await redis().commandsOf(find)).toBe(2);
    expect(await redis().commandsOf(() => put(record))).toBe(2);
  });

  it.each([
    { offMs: 5 * MINUTE_MS, kept: false, because: "it would pass for read after a change that comes first" },
    { offMs: 2_000, kept: true, because: "no two clocks agree" },
    { offMs: -5 * MINUTE_MS, kept: true, because: "it passes for older than it is" },
  ])("of an isolate whose clock is off by $offMs ms are kept: $kept, because $because", async ({ offMs, kept }) => {
    const { put, record } = isolate(offMs);
    await put(record);
    expect((await isolate().find()).kind).toBe(kept ? "found" : "absent");
  });

  it.each([
    { offMs: -5 * MINUTE_MS, kind: "absent", because: "five minutes from now they would pass for read just then" },
    { offMs: -2_000, kind: "found", because: "no two clocks agree" },
    { offMs: 5 * MINUTE_MS, kind: "found", because: "they pass for older than they are" },
  ])("are $kind to an isolate whose clock is off by $offMs ms: $because", async ({ offMs, kind }) => {
    const { put, record } = isolate();
    await put(record);
    expect((await isolate(offMs).find()).kind).toBe(kind);
  });

  it("of another version are absent, because what cannot be read cannot be trusted", async () => {
    const { record, find } = isolate();
    await redis().direct.set(`tkk:${record.keyId}`, '{"keyId":1}');
    expect(await find()).toEqual({ kind: "absent" });
  });

  it("are unavailable while Redis does not answer, and what is put then is lost without a word", async () => {
    const { put, drop, record, find } = isolate();
    await redis().fault({ kind: "down", times: null });
    expect(await find()).toEqual({ kind: "unavailable" });
    await put(record);
    await drop(record.keyId);
    await redis().clearFaults();
    expect(await find()).toEqual({ kind: "absent" });
  });
});
