import { afterAll, beforeAll, expect, it } from "vitest";
import { uuid7 } from "../../src/core/uuid7.ts";
import { TENANT_A, tenancyDatabase } from "../support/tenancy-database.ts";
import type { TenancyDatabase } from "../support/tenancy-database.ts";

const DAY_MS = 86_400_000;

let database: TenancyDatabase;
beforeAll(async () => {
  database = await tenancyDatabase();
});
afterAll(() => database.close());

function insert(eventId: string, occurredAtMs: number) {
  return database.asTenant(
    TENANT_A,
    `INSERT INTO app.usage_events VALUES ($1, $2, $3, '/userid/', 200, 'success', 1, 0, 'request', 'platform')
     ON CONFLICT DO NOTHING`,
    [TENANT_A, eventId, new Date(occurredAtMs)],
  );
}

async function partitionOf(eventId: string): Promise<unknown> {
  const text = "SELECT tableoid::regclass::text AS partition FROM app.usage_events WHERE event_id = $1";
  return (await database.owner.query<{ partition: string }>(text, [eventId])).rows[0]?.partition;
}

function eventIdAt(ms: number, fill: number): string {
  return uuid7(ms, new Uint8Array(10).fill(fill));
}

it("keeps an event in the UTC month of its id", async () => {
  const nowMs = Date.now();
  await insert(eventIdAt(nowMs, 1), nowMs);
  const month = new Date(nowMs).toISOString().slice(0, 7).replace("-", "_");
  expect(await partitionOf(eventIdAt(nowMs, 1))).toBe(`app.usage_events_${month}`);
});

it("drops a repeated event, whatever partition it is in", async () => {
  for (const ms of [Date.now() - 5, Date.UTC(2024, 0, 1)]) {
    expect((await insert(eventIdAt(ms, 2), ms)).rowCount).toBe(1);
    expect((await insert(eventIdAt(ms, 2), ms)).rowCount).toBe(0);
  }
});

it("refuses an event under another time than its id's, because it would be counted once in each month", async () => {
  const nowMs = Date.now();
  await expect(insert(eventIdAt(nowMs, 3), nowMs - 40 * DAY_MS)).rejects.toThrow(/usage_events_time_of_id/);
  await expect(insert(eventIdAt(nowMs, 3), nowMs - 1)).rejects.toThrow(/usage_events_time_of_id/);
});

it("refuses an id without a time, because a CHECK lets null pass", async () => {
  await expect(insert("0199c0de-0000-4000-8000-000000000000", Date.now())).rejects.toThrow(/usage_events_time_of_id/);
});

it("keeps an event that no month was made for, and moves it when its month is made", async () => {
  const lastMs = Date.UTC(2025, 0, 31, 23, 59, 59, 999);
  const [last, next] = [eventIdAt(lastMs, 4), eventIdAt(lastMs + 1, 4)];
  await insert(last, lastMs);
  await insert(next, lastMs + 1);
  expect(await partitionOf(last)).toBe("app.usage_events_default");

  // A session far east of UTC must not shift the month.
  await database.owner.query("SET TimeZone = 'Pacific/Kiritimati'");
  await database.owner.query("SELECT app.create_usage_month('2025-01-17')");
  await database.owner.query("SELECT app.create_usage_month('2025-01-31')");
  await database.owner.query("RESET TimeZone");

  expect(await partitionOf(last)).toBe("app.usage_events_2025_01");
  expect(await partitionOf(next)).toBe("app.usage_events_default");
  expect((await insert(last, lastMs)).rowCount).toBe(0);
});
