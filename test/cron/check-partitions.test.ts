import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neonPartitions } from "../../src/adapters/neon-partitions.ts";
import { neonPlatformLog } from "../../src/adapters/neon-platform-log.ts";
import type { ControlMessage } from "../../src/core/control-ports.ts";
import { checkPartitions } from "../../src/cron/check-partitions.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { tapSql, type SentBatch } from "../support/sql-tap.ts";
import { TENANT_A } from "../support/tenancy-database.ts";

let database: NeonTenancy;
let sent: ControlMessage[] = [];
let logged: string[] = [];

beforeAll(async () => {
  database = await neonTenancy();
});
beforeEach(async () => {
  [sent, logged] = [[], []];
  await database.owner.query("TRUNCATE app.webhook_events");
});
afterAll(() => database.close());

const check = (nowMs = Date.UTC(2026, 10, 20, 12)) =>
  checkPartitions({
    partitions: neonPartitions(database.connectAs("ops")),
    platformLog: neonPlatformLog(database.connectAs("rw")),
    controlQueue: { send: async (messages) => void sent.push(...messages) },
    newRequestId: () => "request",
    clock: () => nowMs,
    log: { info: () => undefined, error: (event) => void logged.push(event) },
  });

const events = async () =>
  (await database.owner.query("SELECT type, data FROM app.webhook_events ORDER BY created_at")).rows;

it("says nothing while every month is there and no event waits for one", async () => {
  await check();
  expect({ sent, logged, events: await events() }).toEqual({ sent: [], logged: [], events: [] });
});

describe("with a month that is not there and events that nobody made a month for", () => {
  const month = (ahead: number) => `date_trunc('month', now() AT TIME ZONE 'UTC') + interval '${ahead} month'`;

  beforeAll(async () => {
    for (const ahead of [2, 3, 4]) {
      const { rows } = await database.owner.query<{ name: string }>(
        `SELECT to_char(${month(ahead)}, '"usage_events_"YYYY_MM') AS name`,
      );
      await database.owner.query(`DROP TABLE app.${rows[0]?.name}`);
    }
    await database.owner.query(
      `INSERT INTO app.usage_events SELECT $1, id, app.uuid7_time(id), '/userid/', 200, 'success', 1, 0, '', ''
       FROM unnest(ARRAY['2024-05-05T00:00:00Z', '2024-05-05T00:00:01Z', '2199-01-01', ${month(2)} + interval '3 days']::timestamptz[]) AS at,
         LATERAL uuidv7(at - now()) AS id`,
      [TENANT_A],
    );
  });

  const gaps = async () => {
    const { rows } = await database.owner.query<{ months: string[] }>(
      `SELECT ARRAY[to_char(${month(2)}, 'YYYY-MM'), to_char(${month(3)}, 'YYYY-MM')] AS months`,
    );
    return { missing: rows[0]?.months, in_default: 4 };
  };

  it("tells the operator which month and how many events, because only the owner can make one", async () => {
    await check();
    expect(logged).toEqual(["ledger-partitions"]);
    expect(await events()).toEqual([{ type: "ledger.partitions", data: await gaps() }]);
    expect(sent).toMatchObject([{ kind: "event" }]);
  });

  it("tells it once a day, however many runs there are at once", async () => {
    await Promise.all([check(), check(), check()]);
    await check(Date.UTC(2026, 10, 20, 23));
    expect(sent).toHaveLength(1);
    await check(Date.UTC(2026, 10, 21));
    expect(sent).toHaveLength(2);
    expect(await events()).toHaveLength(2);
  });

  it("reads no month that is there, because there are all events of a year in them", async () => {
    const sent: SentBatch[number][] = [];
    const untap = tapSql({
      send(batch) {
        sent.push(...batch);
        return batch;
      },
    });
    await check().finally(untap);
    const { query = "", params } = sent.find((each) => each.query.includes("pg_inherits")) ?? {};
    const { rows } = await database.ops.query<Record<string, string>>(`EXPLAIN (ANALYZE) ${query}`, params);
    const scans = rows.map((row) => row["QUERY PLAN"] ?? "").filter((line) => / on usage_events_/.test(line));
    expect(scans.length).toBeGreaterThan(30);
    const read = scans.filter((line) => !line.includes("never executed"));
    expect(read).toEqual([expect.stringContaining("on usage_events_default")]);
  });

  it("counts no event of the months that are there, and sees nothing of those it counts", async () => {
    await database.owner.query(
      `INSERT INTO app.usage_events SELECT $1, id, app.uuid7_time(id), '/userid/', 200, 'success', 1, 0, '', '' FROM uuidv7() AS id`,
      [TENANT_A],
    );
    await check();
    expect(await events()).toEqual([{ type: "ledger.partitions", data: await gaps() }]);
    await expect(database.ops.query("SELECT tenant_id FROM app.usage_events")).rejects.toThrow(/permission denied/);
  });
});
