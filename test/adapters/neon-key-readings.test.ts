import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { neonKeyReadings } from "../../src/adapters/neon-key-readings.ts";
import { PLATFORM, type Act } from "../../src/core/act.ts";
import type { KeyReadings } from "../../src/core/statement-ports.ts";
import { ReadingView } from "../../src/core/statement-resources.ts";
import { uuid7 } from "../../src/core/uuid7.ts";
import { atOnce } from "../support/at-once.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { everyPage } from "../support/pages.ts";
import { repeatable, sampleAct } from "../support/sample-acts.ts";
import { tapSql, type SentBatch } from "../support/sql-tap.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const KEY = "platform-0000aaaa";
const NOON = Date.parse("2026-11-20T12:00:00Z");
const HOUR = 3_600_000;

let database: NeonTenancy;
let readings: KeyReadings;
beforeAll(async () => {
  database = await neonTenancy();
  readings = neonKeyReadings({ ops: database.connectAs("ops"), rw: database.connectAs("rw") });
});
beforeEach(async () => {
  await database.owner.query(
    "DELETE FROM app.key_readings; DELETE FROM app.usage_events; DELETE FROM app.webhook_events",
  );
});
afterAll(() => database.close());

const newId = (atMs: number) => uuid7(atMs, crypto.getRandomValues(new Uint8Array(10)));
const readingAt = (atMs: number, balance: number, bought = 0) => ({
  id: newId(atMs),
  upstream_key_id: KEY,
  balance,
  bought,
  read_at: new Date(atMs).toISOString(),
});

async function read(atMs: number, balance: number, bought = 0) {
  const acted = await readings.add(sampleAct(), readingAt(atMs, balance, bought));
  if (acted.kind !== "done") throw new Error(`the act is ${acted.kind}`);
  return v.parse(v.strictObject(ReadingView.entries), acted.row);
}

type By = { readonly key?: string; readonly tenantId?: string };

async function spend(atMs: number, charged: number, inDoubt = 0, { key = KEY, tenantId = TENANT_A }: By = {}) {
  await database.owner.query(
    `INSERT INTO app.usage_events VALUES ($1, $2, app.uuid7_time($2), '/userid/', 200, 'success', $3, $4, 'r', $5)`,
    [tenantId, newId(atMs), charged, inDoubt, key],
  );
}

describe("a reading", () => {
  it("is held against what the books say of the time since the one before, over all tenants", async () => {
    await spend(NOON - 3 * HOUR, 500);
    const first = await read(NOON - 2 * HOUR, 10_000);
    expect(first).toMatchObject({ since: null, spent_by_reading: null, difference: null, explained: null });
    await spend(NOON - HOUR, 30, 2);
    await spend(NOON - HOUR + 1, 40, 0, { tenantId: TENANT_B });
    await spend(NOON - HOUR, 900, 900, { key: "platform-0000bbbb" });
    await spend(NOON - HOUR, 900, 900, { key: randomUUID() });
    await spend(NOON + 1, 7);
    expect(await read(NOON, 9_929)).toMatchObject({
      since: "2026-11-20T10:00:00.000Z",
      spent_by_reading: 71,
      credits_charged: 70,
      credits_in_doubt: 2,
      difference: 1,
      explained: true,
    });
  });

  it.each([
    { balance: 9_970, bought: 0, spent: 30, explained: true, because: "all that was charged is gone" },
    { balance: 9_968, bought: 0, spent: 32, explained: true, because: "and all that is in doubt" },
    { balance: 9_967, bought: 0, spent: 33, explained: false, because: "somebody else uses the key" },
    { balance: 9_971, bought: 0, spent: 29, explained: false, because: "we charged what the upstream did not" },
    { balance: 14_970, bought: 5_000, spent: 30, explained: true, because: "what was bought is told" },
    { balance: 14_970, bought: 0, spent: -4_970, explained: false, because: "what was bought is not told" },
  ])("of $balance after $bought bought says $spent: $because", async ({ balance, bought, spent, explained }) => {
    await read(NOON - HOUR, 10_000);
    await spend(NOON - 1, 30, 2);
    expect(await read(NOON, balance, bought)).toMatchObject({
      spent_by_reading: spent,
      difference: spent - 30,
      explained,
    });
  });

  it("has what was spent at the very moment of one once, and on that one", async () => {
    await read(NOON - HOUR, 10_000);
    await spend(NOON, 5);
    expect(await read(NOON, 9_995)).toMatchObject({ credits_charged: 5, explained: true });
    expect(await read(NOON + HOUR, 9_995)).toMatchObject({ credits_charged: 0, explained: true });
  });

  it("is refused when it is not newer than the last one, and leaves nothing", async () => {
    await read(NOON, 10_000);
    const conflict = { kind: "conflict", because: "There is a reading of this time or a later one." };
    for (const atMs of [NOON, NOON - 1])
      expect(await readings.add(sampleAct(), readingAt(atMs, 9_000))).toEqual(conflict);
    expect((await readings.list(KEY, { limit: 10, after: null })).rows).toHaveLength(1);
  });

  it("is added once under one idempotency key, and is in the platform's audit log", async () => {
    const act = repeatable(PLATFORM, { action: "platform-key.read" });
    expect((await readings.add(act, readingAt(NOON, 1))).kind).toBe("done");
    expect((await readings.add(act, readingAt(NOON + 1, 1))).kind).toBe("repeated");
    const log = "SELECT FROM app.audit_log WHERE tenant_id = $1 AND action = 'platform-key.read'";
    expect((await database.owner.query(log, [PLATFORM])).rowCount).toBe(1);
  });

  it("is listed newest first, page by page", async () => {
    for (let hour = 3; hour > 0; hour -= 1) await read(NOON - hour * HOUR, 1_000 * hour);
    const rows = await everyPage((page) => readings.list(KEY, page));
    expect(rows.map(({ balance, spent_by_reading }) => [balance, spent_by_reading])).toEqual([
      [1_000, 1_000],
      [2_000, 1_000],
      [3_000, null],
    ]);
  });
});

it("what was spent since the last reading, and in the last day, is what balances are estimated by", async () => {
  expect(await readings.spending(KEY, NOON)).toBeUndefined();
  await read(NOON - 48 * HOUR, 20_000);
  const { id } = await read(NOON - HOUR, 10_000);
  await spend(NOON - 24 * HOUR, 1_000);
  await spend(NOON - 23 * HOUR, 100, 9);
  await spend(NOON - HOUR + 1, 10, 3);
  expect(await readings.spending(KEY, NOON)).toEqual({
    reading: { id, balance: 10_000, read_at: "2026-11-20T11:00:00.000Z" },
    charged: 10,
    inDoubt: 3,
    chargedLastDay: 110,
  });
});

it("what a key spent is found by its index, because the events of a year are not read every ten minutes", async () => {
  const sent: SentBatch[number][] = [];
  const send = (batch: SentBatch) => {
    sent.push(...batch);
    return batch;
  };
  const untap = tapSql({ send });
  await readings.spending(KEY, NOON).finally(untap);
  const { query = "", params } = sent.at(-1) ?? {};
  // The tables of the test are too small for an index to be worth it.
  await database.ops.query("SET enable_seqscan = off");
  const { rows } = await database.ops.query<Record<string, string>>(`EXPLAIN ${query}`, params);
  const scans = rows.map((row) => row["QUERY PLAN"] ?? "").filter((line) => / on usage_events/.test(line));
  expect(scans.length).toBeGreaterThan(3);
  for (const scan of scans) expect(scan).toMatch(/Index Scan using usage_events_\w+_upstream_key_id_occurred_at_idx/);
});

it("of a low balance the operator is told once per reading, however many look at once", async () => {
  const { id } = await read(NOON, 1);
  const event: NonNullable<Act["event"]> = { id, type: "platform_key.balance_low", data: { upstream_key_id: KEY } };
  const noted = await atOnce(
    database.owner,
    "LOCK TABLE app.webhook_events IN EXCLUSIVE MODE",
    Array.from({ length: 5 }, () => () => readings.noteLow(sampleAct({ event }))),
  );
  expect(noted.map(({ kind }) => kind).toSorted()).toEqual(["conflict", "conflict", "conflict", "conflict", "done"]);
  const { rows } = await database.owner.query("SELECT tenant_id, id, type FROM app.webhook_events");
  expect(rows).toEqual([{ tenant_id: PLATFORM, id, type: "platform_key.balance_low" }]);
});
