import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neonUsageLedger } from "../../src/adapters/neon-usage-ledger.ts";
import type { UsageLedger } from "../../src/core/ports.ts";
import type { HitBatch } from "../../src/core/usage.ts";
import { eventually } from "../support/eventually.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { memoryUsageLedger } from "../support/memory-usage-ledger.ts";
import type { RollupRow } from "../support/memory-usage-ledger.ts";
import { sampleEvent, sampleHits } from "../support/sample-usage.ts";
import { TENANT_A } from "../support/tenancy-database.ts";
import { usageLedgerContract } from "./usage-ledger.contract.ts";

describe("the usage ledger in Postgres", () => {
  let database: NeonTenancy;
  let ledger: UsageLedger;

  beforeAll(async () => {
    database = await neonTenancy();
    ledger = neonUsageLedger(database.connectAs("rw"));
    // Far east of UTC, where a day taken in the session's zone would be tomorrow.
    await database.owner.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET TimeZone = 'Asia/Tokyo'`);
  });
  beforeEach(async () => {
    await database.owner.query(`TRUNCATE app.usage_events, app.usage_hits, app.usage_daily_rollup,
      app.latency_daily, app.key_usage_daily`);
  });
  afterAll(() => database.close());

  async function rollup(): Promise<RollupRow[]> {
    const { rows } = await database.owner.query<RollupRow>(
      `SELECT tenant_id AS "tenantId", day::text, endpoint, calls::float8, credits_charged::float8 AS "creditsCharged",
         credits_in_doubt::float8 AS "creditsInDoubt", credits_on_own_key::float8 AS "creditsOnOwnKey", hits::float8, credits_saved::float8 AS "creditsSaved",
         hits_memory::float8 AS "hitsMemory", hits_colo::float8 AS "hitsColo", hits_redis::float8 AS "hitsRedis",
         hits_joined::float8 AS "hitsJoined", hits_stale::float8 AS "hitsStale"
       FROM app.usage_daily_rollup ORDER BY tenant_id, day, endpoint`,
    );
    return rows;
  }

  usageLedgerContract(async () => ({ ledger, rollup }));

  describe("what requests came to beside their hits", () => {
    const batch = (requests: number): HitBatch => ({
      ...sampleHits(TENANT_A),
      latency: [
        { tier: "upstream", bucket: 20, requests },
        { tier: "memory", bucket: 0, requests: 1 },
      ],
      keys: ["one", "two"].map((keyId) => ({
        keyId,
        calls: requests,
        creditsCharged: 2 * requests,
        creditsInDoubt: 3,
        creditsOnOwnKey: 1,
        hits: 31,
        creditsSaved: 4,
        byTier: { memory: 16, colo: 8, redis: 4, joined: 2, stale: 1 },
      })),
    });
    const counted = async () => {
      const { rows: latency } = await database.owner.query({
        text: "SELECT day::text, tier, bucket, requests::int FROM app.latency_daily ORDER BY 1, 2, 3",
        rowMode: "array",
      });
      const { rows: keys } = await database.owner.query({
        text: `SELECT key_id, calls::int, credits_charged::int, credits_in_doubt::int, credits_on_own_key::int, hits::int,
          credits_saved::int, hits_memory::int, hits_colo::int, hits_redis::int, hits_joined::int, hits_stale::int
          FROM app.key_usage_daily ORDER BY day, key_id`,
        rowMode: "array",
      });
      return { latency, keys };
    };

    it("is added once with its batch, however often and in what company that comes", async () => {
      const [first, second] = [batch(1), batch(10)];
      await ledger.addHits(TENANT_A, [first, first]);
      await ledger.addHits(TENANT_A, [second, sampleHits(TENANT_A), first]);
      await Promise.all([first, second].map((again) => ledger.addHits(TENANT_A, [again, second])));
      expect(await counted()).toEqual({
        latency: [
          ["2026-11-20", "memory", 0, 2],
          ["2026-11-20", "upstream", 20, 11],
        ],
        keys: ["one", "two"].map((keyId) => [keyId, 11, 22, 6, 2, 62, 8, 32, 16, 8, 4, 2]),
      });
    });

    it("is of the UTC day of the batch, and is there where nothing was a hit", async () => {
      const rows = [{ endpoint: "/userid/", hits: 0, creditsSaved: 0, byTier: {} }];
      const [midnightMs, { latency = [] }] = [Date.UTC(2026, 10, 21), batch(1)];
      for (const flushedAtMs of [midnightMs - 1, midnightMs])
        await ledger.addHits(TENANT_A, [{ ...sampleHits(TENANT_A, { flushedAtMs, rows }), latency }]);
      expect((await counted()).latency.map(([day]) => day)).toEqual([
        "2026-11-20",
        "2026-11-20",
        "2026-11-21",
        "2026-11-21",
      ]);
    });
  });

  it("keeps every field of an event, to the millisecond", async () => {
    const event = sampleEvent(TENANT_A, {
      occurredAtMs: 1_795_174_245_987,
      status: 0,
      outcome: "timeout",
      creditsInDoubt: 2,
    });
    await ledger.addEvents(TENANT_A, [event]);
    const { rows } = await database.owner.query<UsageLedger>(
      `SELECT event_id AS "eventId", tenant_id AS "tenantId", (extract(epoch FROM occurred_at) * 1000)::float8 AS "occurredAtMs",
         endpoint, status, outcome, credits_charged AS "creditsCharged", credits_in_doubt AS "creditsInDoubt",
         request_id AS "requestId", upstream_key_id AS "upstreamKeyId" FROM app.usage_events`,
    );
    expect(rows).toEqual([event]);
  });

  it("reads any millisecond exactly, because a time that differs from its id's is refused", async () => {
    const events = Array.from({ length: 1_000 }, (_, at) =>
      sampleEvent(TENANT_A, { occurredAtMs: 1_795_174_245_000 + at }),
    );
    await ledger.addEvents(TENANT_A, events);
    expect(await rollup()).toMatchObject([{ calls: 1_000 }]);
  });

  it("makes two consumers with the same events wait for each other instead of deadlocking", async () => {
    const [first, held, last] = [sampleEvent(TENANT_A), sampleEvent(TENANT_A), sampleEvent(TENANT_A)];
    const { owner } = database;
    await owner.query("BEGIN");
    await owner.query(
      "INSERT INTO app.usage_events VALUES ($1, $2, app.uuid7_time($2), '/userid/', 200, 'success', 1, 0, '', '')",
      [TENANT_A, held.eventId],
    );
    const consumers = Promise.all([
      ledger.addEvents(TENANT_A, [first, held, last]),
      ledger.addEvents(TENANT_A, [last, held, first]),
    ]);
    await waiting(2);
    await owner.query("ROLLBACK");
    await expect(consumers).resolves.toBeDefined();
    expect(await rollup()).toMatchObject([{ calls: 3 }]);
  });

  /** Until so many statements of this database wait for a lock. */
  function waiting(statements: number): Promise<void> {
    return eventually(async () => {
      // Within a transaction PostgreSQL shows the activity as it was when first asked.
      await database.owner.query("SELECT pg_stat_clear_snapshot()");
      const blocked = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
      expect((await database.owner.query(blocked)).rowCount).toBe(statements);
    });
  }

  it("throws when the reply is lost, and the repetition adds nothing to what was committed", async () => {
    const [event, batch] = [sampleEvent(TENANT_A), sampleHits(TENANT_A)];
    await database.breakNext({ kind: "drop-reply", contains: "usage_events" });
    await database.breakNext({ kind: "drop-reply", contains: "usage_hits" });
    await expect(ledger.addEvents(TENANT_A, [event])).rejects.toThrow(Error);
    await expect(ledger.addHits(TENANT_A, [batch])).rejects.toThrow(Error);
    const committed = await rollup();
    expect(committed).toMatchObject([{ hits: 2 }, { calls: 1, hits: 5 }]);
    await ledger.addEvents(TENANT_A, [event]);
    await ledger.addHits(TENANT_A, [batch]);
    expect(await rollup()).toEqual(committed);
  });

  it("names the state that Postgres refused with and no value, because the reason is kept and logged", async () => {
    const refused = await ledger.addEvents(TENANT_A, [sampleEvent(TENANT_A, { requestId: "hunter2\0" })]);
    expect(refused).toEqual({ kind: "refused", reason: "SQLSTATE 22P05 untranslatable_character" });
    expect(await ledger.addEvents(TENANT_A, [sampleEvent(TENANT_A, { creditsInDoubt: -1 })])).toEqual({
      kind: "refused",
      reason: "SQLSTATE 23514 check_violation",
    });
  });

  it("throws when Postgres ends the statement for another reason than its data, because that passes", async () => {
    await database.owner.query("REVOKE INSERT ON app.usage_events FROM app_rw");
    await expect(ledger.addEvents(TENANT_A, [sampleEvent(TENANT_A)])).rejects.toThrow(Error);
    await database.owner.query("GRANT INSERT ON app.usage_events TO app_rw");
  });

  it("throws when Postgres is down, because the queue must deliver again", async () => {
    await database.breakNext({ kind: "down" });
    await expect(ledger.addEvents(TENANT_A, [sampleEvent(TENANT_A)])).rejects.toThrow(Error);
    expect(await rollup()).toEqual([]);
  });
});

describe("the usage ledger in memory", () => {
  usageLedgerContract(async () => {
    const ledger = memoryUsageLedger();
    return { ledger, rollup: async () => ledger.rollup() };
  });
});
