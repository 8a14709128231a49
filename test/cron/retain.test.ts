import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neonRetention } from "../../src/adapters/neon-retention.ts";
import type { Retention } from "../../src/core/upkeep-ports.ts";
import { retain } from "../../src/cron/retain.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { silentLog } from "../support/silent-log.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const DAY_MS = 86_400_000;
const TABLES = [
  "usage_events",
  "usage_hits",
  "key_usage_daily",
  "latency_daily",
  "webhook_deliveries",
  "webhook_events",
  "dead_messages",
  "idempotency_keys",
  "hashtag_history",
] as const;

let database: NeonTenancy;

beforeAll(async () => {
  database = await neonTenancy();
});
beforeEach(async () => {
  await database.owner.query(
    `TRUNCATE ${TABLES.map((table) => `app.${table}`).join(", ")}, app.webhooks, app.usage_daily_rollup`,
  );
});
afterAll(() => database.close());

const run = ({ usageDays = 400, eventsDays = 90, retention = neonRetention(database.connectAs("ops")) } = {}) =>
  retain({ retention, retainUsageDays: usageDays, retainEventsDays: eventsDays, log: silentLog });

type Insert = (days: number) => readonly [string, readonly unknown[]];

/** A row of this age in each table, done with. */
const aged = {
  usage_events: (days) => [
    `INSERT INTO app.usage_events SELECT $1, id, app.uuid7_time(id), '/userid/', 200, 'success', 1, 0, 'r', 'k'
     FROM uuidv7(-interval '1 day' * $2) AS id`,
    [TENANT_A, days],
  ],
  usage_hits: (days) => [
    "INSERT INTO app.usage_hits VALUES ($1, uuidv7(), '/userid/', now() - interval '1 day' * $2, 1, 1)",
    [TENANT_B, days],
  ],
  key_usage_daily: (days) => [
    "INSERT INTO app.key_usage_daily VALUES ($1, current_date - $2::int, 'k')",
    [TENANT_A, Math.floor(days)],
  ],
  latency_daily: (days) => [
    "INSERT INTO app.latency_daily VALUES ($1, current_date - $2::int, 'memory', 0, 1)",
    [TENANT_B, Math.floor(days)],
  ],
  webhook_events: (days) => [
    `INSERT INTO app.webhook_events (tenant_id, id, type, data, created_at, announced_at)
     VALUES ($1, uuidv7(), 'upstream_key.invalid', '{}', now() - interval '1 day' * $2, now())`,
    [TENANT_A, days],
  ],
  dead_messages: (days) => [
    `INSERT INTO app.dead_messages (id, queue, reason, body, dropped_at)
     VALUES ($1 || $2::text, 'q', 'r', '{}', now() - interval '1 day' * $2::float8)`,
    [TENANT_A, days],
  ],
  idempotency_keys: (days) => [
    "INSERT INTO app.idempotency_keys VALUES ($1, 'k' || $2::text, 'f', 200, '{}', now() - interval '1 day' * $2::float8)",
    [TENANT_B, days],
  ],
  hashtag_history: (days) => [
    "INSERT INTO app.hashtag_history VALUES ('1', current_date - $1::int, 'cats', 1, 1)",
    [Math.floor(days)],
  ],
} satisfies Readonly<Record<string, Insert>>;

async function add(table: keyof typeof aged, ...ages: readonly number[]): Promise<void> {
  for (const days of ages) {
    const [text, values] = aged[table](days);
    await database.owner.query(text, [...values]);
  }
}

async function delivery(days: number, status: "pending" | "delivered" | "dead", eventId = "uuidv7()"): Promise<void> {
  await database.owner.query(
    `INSERT INTO app.webhooks VALUES ($1, $1, 'https://example.com/', '{}', 1, 'iv', 'key', 'iv', 'secret') ON CONFLICT DO NOTHING`,
    [TENANT_A],
  );
  await database.owner.query(
    `INSERT INTO app.webhook_deliveries (tenant_id, webhook_id, event_tenant_id, event_id, event, status, created_at, delivered_at)
     VALUES ($1, $1, $1, ${eventId}, 'upstream_key.invalid', $3, now() - interval '1 day' * $2, CASE WHEN $3 = 'delivered' THEN now() END)`,
    [TENANT_A, days, status],
  );
}

const count = async (table: string) => (await database.owner.query(`SELECT FROM app.${table}`)).rowCount;

describe("what has outlived its time", () => {
  it("leaves what is a moment too young beside what it deletes, for a slice of time may go beyond both", async () => {
    const second = 1 / 86_400;
    for (const table of ["usage_events", "usage_hits"] as const) {
      await add(table, 400 + 5 * second, 400 - 45 * second);
      await run();
      expect(await count(table), table).toBe(1);
    }
  });

  it.each([
    { table: "usage_events", ages: [0, 399.9, 400.1, 1_000], kept: 2 },
    { table: "usage_hits", ages: [0, 399.9, 400.1, 1_000], kept: 2 },
    { table: "key_usage_daily", ages: [0, 399, 402, 1_000], kept: 2 },
    { table: "latency_daily", ages: [0, 399, 402, 1_000], kept: 2 },
    { table: "webhook_events", ages: [0, 89.9, 90.1, 1_000], kept: 2 },
    { table: "dead_messages", ages: [0, 89.9, 90.1, 1_000], kept: 2 },
    { table: "idempotency_keys", ages: [0, 0.9, 1.1, 1_000], kept: 2 },
    { table: "hashtag_history", ages: [0, 89, 92, 1_000], kept: 2 },
  ] as const)("goes from $table, of all tenants, and what is younger stays", async ({ table, ages, kept }) => {
    await add(table, ...ages);
    expect(await run()).toBe(DAY_MS);
    expect(await count(table)).toBe(kept);
  });

  it("goes as the settings say", async () => {
    await add("usage_events", 67, 69);
    await add("dead_messages", 33, 35);
    await run({ usageDays: 68, eventsDays: 34 });
    expect([await count("usage_events"), await count("dead_messages")]).toEqual([1, 1]);
  });

  it("leaves what is not done with, however old it is: a delivery under way with its event, an event nobody told, a message undecided", async () => {
    await add("webhook_events", 500);
    await delivery(500, "pending", "(SELECT id FROM app.webhook_events)");
    await delivery(500, "dead");
    await delivery(500, "delivered");
    await database.owner.query(
      "INSERT INTO app.webhook_events VALUES ($1, uuidv7(), 'upstream_key.invalid', '{}', now() - interval '500 days')",
      [TENANT_A],
    );
    await database.owner.query(
      "INSERT INTO app.dead_messages (id, queue, reason, body, buried_at) VALUES ('m', 'q', 'r', '{}', now() - interval '500 days')",
    );
    await run();
    expect([await count("webhook_deliveries"), await count("webhook_events"), await count("dead_messages")]).toEqual([
      1, 2, 1,
    ]);
  });

  it("leaves the rollup, because invoices are made of it", async () => {
    await database.owner.query("INSERT INTO app.usage_daily_rollup VALUES ($1, '2024-01-01', '/userid/', 1, 1)", [
      TENANT_A,
    ]);
    await run();
    expect(await count("usage_daily_rollup")).toBe(1);
  });
});

/** Whatever the Worker has in its hands, these are not among it. */
describe("app_ops cannot delete", () => {
  it.each([
    { table: "usage_events", ages: [65.9, 66.1] },
    { table: "usage_hits", ages: [65.9, 66.1] },
    { table: "key_usage_daily", ages: [65, 68] },
    { table: "latency_daily", ages: [65, 68] },
    { table: "webhook_events", ages: [31.9, 32.1] },
    { table: "dead_messages", ages: [31.9, 32.1] },
    { table: "idempotency_keys", ages: [0.99, 1.01] },
  ] as const)("from $table what is younger than its policy says, even when it deletes all", async ({ table, ages }) => {
    await add(table, ...ages);
    await database.asOperator(TENANT_B, `DELETE FROM app.${table}`);
    expect(await count(table)).toBe(1);
  });

  it("a delivery that is young or under way", async () => {
    await delivery(31.9, "dead");
    await delivery(500, "pending");
    await delivery(32.1, "dead");
    await database.ops.query("DELETE FROM app.webhook_deliveries");
    expect(await count("webhook_deliveries")).toBe(2);
  });

  it.each(["usage_daily_rollup", "audit_log", "invoices", "tenants"])("anything from %s", async (table) => {
    await expect(database.ops.query(`DELETE FROM app.${table}`)).rejects.toThrow(/permission denied/);
  });
});

describe("a run", () => {
  /** Usage of 10 days, so much a minute, that deleting takes away; every statement is in `deleted`. */
  function retentionOf(rowsPerMinute: number) {
    const endMs = 10 * DAY_MS;
    const deleted: number[] = [];
    let fromMs = 0;
    const retention: Retention = {
      outlived: async () => (fromMs < endMs ? { oldestMs: fromMs, beforeMs: endMs } : undefined),
      deleteUsage: async (_table, _days, beforeMs) => {
        const rows = Math.max(0, (Math.min(beforeMs, endMs) - fromMs) / 60_000) * rowsPerMinute;
        fromMs = Math.max(fromMs, Math.min(beforeMs, endMs));
        deleted.push(rows);
        return rows;
      },
      deleteDone: async () => 0,
      deleteOutcomes: async () => undefined,
    };
    return { retention, deleted };
  }

  it.each([0.001, 10, 1_000])(
    "takes days with %d rows a minute in statements of a size that Postgres answers in time",
    async (rows) => {
      const { retention, deleted } = retentionOf(rows);
      for (let minute = 0; minute < 200 && (await run({ retention })) === 0; minute += 1) continue;
      expect(deleted.reduce((sum, each) => sum + each, 0)).toBeCloseTo(10 * 1_440 * rows);
      expect(Math.max(...deleted)).toBeLessThanOrEqual(Math.max(20_000, 1_440 * rows * 0.014));
    },
  );

  it("goes on in a minute while something is left, and takes on no more statements than an invocation can have", async () => {
    const { retention, deleted } = retentionOf(100_000);
    expect(await run({ retention })).toBe(0);
    expect(deleted.length).toBeLessThanOrEqual(120);
  });
});
