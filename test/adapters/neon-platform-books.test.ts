import { afterAll, beforeAll, expect, it } from "vitest";
import { neonPlatformBooks } from "../../src/adapters/neon-platform-books.ts";
import type { PlatformBooks } from "../../src/core/platform-ports.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

let database: NeonTenancy;
let books: PlatformBooks;
beforeAll(async () => {
  database = await neonTenancy();
  books = neonPlatformBooks(database.connectAs("ops"));
  // Far east of UTC, where a month taken in the session's zone begins nine hours early.
  await database.owner.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET TimeZone = 'Asia/Tokyo'`);
});
afterAll(() => database.close());

const TODAY = "(now() AT TIME ZONE 'UTC')::date";
const FIRST = "date_trunc('month', now() AT TIME ZONE 'UTC')::date";

it("sums what each tenant spent in this UTC month over its endpoints, those that spent most first", async () => {
  const { owner } = database;
  await owner.query(
    `INSERT INTO app.usage_daily_rollup (tenant_id, day, endpoint, calls, credits_charged, credits_in_doubt, credits_on_own_key, hits, credits_saved)
     VALUES ($1, ${TODAY}, '/userid/', 1, 2, 3, 1, 4, 5), ($1, ${FIRST}, '/user-posts/', 1, 2, 3, 1, 4, 5),
            ($1, ${FIRST} - 1, '/userid/', 9, 9, 9, 9, 9, 9), ($2, ${TODAY}, '/userid/', 7, 7, 0, 0, 0, 0)`,
    [TENANT_A, TENANT_B],
  );
  const [gone, idle] = ["00000000-0000-4000-8000-00000000000c", "00000000-0000-4000-8000-00000000000d"];
  await owner.query(
    `INSERT INTO app.tenants (id, name, plan, key_mode, created_at, deleted_at)
     VALUES ($1, 'Gone', 'free', 'shared', ${FIRST} - 90, ${FIRST} - 2), ($2, 'Idle', 'free', 'shared', ${FIRST} - 90, NULL)`,
    [gone, idle],
  );
  const spent = await books.spending(10);
  expect(spent.map(({ tenant_id, lines }) => [tenant_id, lines])).toEqual([
    [TENANT_B, [expect.objectContaining({ calls: 7, credits_charged: 7 })]],
    [
      TENANT_A,
      [
        {
          endpoint: "",
          calls: 2,
          credits_charged: 4,
          credits_in_doubt: 6,
          credits_on_own_key: 2,
          hits: 8,
          credits_saved: 10,
        },
      ],
    ],
    [idle, []],
  ]);
  expect(spent[0]).toMatchObject({ tenant: "B", status: "active", terms: { plan: expect.any(String) }, arrears: [] });
  expect(await books.spending(1)).toHaveLength(1);
});

it("counts what nobody was told of, what is past its time and what is buried, and since when", async () => {
  const { owner } = database;
  const nothing = { waiting: 0, sinceMs: null };
  expect(await books.backlog()).toEqual([
    { name: "webhook-events", ...nothing },
    { name: "webhook-deliveries", ...nothing },
    { name: "dead-messages", ...nothing },
  ]);
  const at = (seconds: number) => new Date(Date.UTC(2026, 10, 1) + seconds * 1_000);
  const bury = (id: string, seconds: number, changes: string) =>
    owner.query(
      `INSERT INTO app.dead_messages (id, queue, reason, body, buried_at, replays, replayed_at, dropped_at)
       VALUES ($1, 'q', 'r', '{}', $2, ${changes})`,
      [id, at(seconds)],
    );
  await bury("waits", 20, "0, NULL, NULL");
  await bury("waits too", 30, "0, NULL, NULL");
  await bury("replayed", 10, "1, now(), NULL");
  await bury("dropped", 5, "0, NULL, now()");
  await owner.query(
    `INSERT INTO app.webhook_events (tenant_id, id, type, data, created_at, announced_at)
     VALUES ($1, uuidv7(), 'upstream_key.invalid', '{}', $2, NULL), ($1, uuidv7(), 'upstream_key.invalid', '{}', $3, now())`,
    [TENANT_A, at(40), at(1)],
  );
  const deliver = (seconds: string, status: string) =>
    owner.query(
      `WITH hook AS (
         INSERT INTO app.webhooks SELECT $1, gen_random_uuid(), 'https://example.com/', '{}', 1, 'iv', 'key', 'iv', 'secret' RETURNING id)
       INSERT INTO app.webhook_deliveries (tenant_id, webhook_id, event_tenant_id, event_id, event, due_at, status, delivered_at)
       SELECT $1, id, $1, uuidv7(), 'upstream_key.invalid', ${seconds}, '${status}',
              CASE WHEN '${status}' = 'delivered' THEN now() END FROM hook`,
      [TENANT_A],
    );
  await deliver(`'${at(50).toISOString()}'`, "pending");
  await deliver("now() + interval '1 hour'", "pending");
  await deliver(`'${at(1).toISOString()}'`, "delivered");
  expect(await books.backlog()).toEqual([
    { name: "webhook-events", waiting: 1, sinceMs: at(40).getTime() },
    { name: "webhook-deliveries", waiting: 1, sinceMs: at(50).getTime() },
    { name: "dead-messages", waiting: 2, sinceMs: at(20).getTime() },
  ]);
});
