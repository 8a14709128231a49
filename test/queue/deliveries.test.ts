import { afterAll, beforeAll, expect, it } from "vitest";
import { neonDeliveries } from "../../src/adapters/neon-deliveries.ts";
import { neonGraveyard } from "../../src/adapters/neon-graveyard.ts";
import { neonUsageLedger } from "../../src/adapters/neon-usage-ledger.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { consume, type ConsumePorts, type Message } from "../../src/queue/consume.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { sampleEvent } from "../support/sample-usage.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const EVENTS = 10_000;
const DELIVERIES = 25_000;
const BATCH = 20;
const IN_MESSAGE = 5;
const CONSUMERS = 8;
const HOUR_MS = 3_600_000;
const SEED = 20_261_130;

const TENANTS = [TENANT_A, TENANT_B, "0199c0de-0000-7000-8000-00000000000c", "0199c0de-0000-7000-8000-00000000000d"];
/** Of tenant A, whose events of the current month are some 1,200: three thresholds, reached one after another. */
const QUOTA = 1_000;

let database: NeonTenancy;

beforeAll(async () => {
  database = await neonTenancy(CONSUMERS);
  for (const tenantId of TENANTS)
    await database.owner.query(
      "INSERT INTO app.tenants (id, name, plan, key_mode) VALUES ($1, '', 'enterprise', 'shared') ON CONFLICT DO NOTHING",
      [tenantId],
    );
  await database.owner.query(
    "UPDATE app.tenants SET plan = 'enterprise', monthly_quota = CASE id WHEN $1 THEN $2::int END",
    [TENANT_A, QUOTA],
  );
});
afterAll(() => database.close());

it("counts 10,000 events once that eight consumers are given 25,000 times, five a message, in any order, over a month's end, while connections die", async () => {
  const random = seeded(SEED);
  const events = Array.from({ length: EVENTS }, () => randomEvent(random));
  const again = Array.from({ length: DELIVERIES - EVENTS }, () => pick(random, events));
  const all = shuffled(random, [...events, ...again]);
  const queue = Array.from({ length: DELIVERIES / IN_MESSAGE }, (_, at) => ({
    id: `m${at}`,
    events: all.slice(at * IN_MESSAGE, (at + 1) * IN_MESSAGE),
    attempts: 0,
  }));
  const told: string[] = [];
  const run = consumerOf(told);
  let [givenBack, isOver] = [0, false];

  const consumer = async () => {
    for (let batch = queue.splice(0, BATCH); batch.length > 0; batch = queue.splice(0, BATCH)) {
      const messages = batch.map((delivery): Message => {
        delivery.attempts += 1;
        const again = () => {
          givenBack += 1;
          queue.push(delivery);
        };
        return {
          id: delivery.id,
          body: { kind: "batch", usage: delivery.events.map((event) => ({ kind: "event", event })) },
          attempts: delivery.attempts,
          timestamp: new Date(0),
          ack: () => undefined,
          retry: again,
        };
      });
      await run({ queue: "tikedge-usage", messages });
    }
  };
  const killing = killConnections(() => isOver);
  await Promise.all(Array.from({ length: CONSUMERS }, consumer));
  isOver = true;

  expect(await killing, `seed ${SEED}`).toBeGreaterThan(5);
  expect(givenBack).toBeGreaterThan(0);
  await expectBooksOf(events);
  await expectToldOnce(told);
}, 90_000);

/** The consumer as the Worker has it, over real Postgres. Ids that are to be announced are added to `told`. */
function consumerOf(told: string[]) {
  const nothing = async () => undefined;
  const ports: Partial<ConsumePorts> = {
    usageLedger: neonUsageLedger(database.connectAs("rw")),
    graveyard: neonGraveyard(database.connectAs("ops")),
    ledger: { forget: nothing } as unknown as ConsumePorts["ledger"],
    controlQueue: {
      send: async (messages) =>
        void told.push(...messages.map((each) => (each.kind === "event" ? each.eventId : each.kind))),
    },
    lateEventsMs: 40 * 24 * HOUR_MS,
    clock: () => Date.now(),
    log: { info: () => undefined, error: () => undefined },
  };
  return consume(ports as ConsumePorts);
}

/** Ends connections in the midst of their work, one after another, until the work is over. Returns how many. */
async function killConnections(isOver: () => boolean): Promise<number> {
  let killed = 0;
  while (!isOver()) {
    const { rowCount } = await database.owner.query(
      `SELECT pg_terminate_backend(pid) FROM (
         SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND usename = 'app_rw' AND state <> 'idle' ORDER BY random() LIMIT 1) AS busy`,
    );
    killed += rowCount ?? 0;
    await database.owner.query("SELECT pg_sleep(0.1)");
  }
  return killed;
}

/** Half of it before the current month began, half after: never older than the books take. */
function randomEvent(random: () => number): UsageEvent {
  const now = new Date();
  const monthStartMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
  const isDoubtful = random() < 0.1;
  return sampleEvent(pick(random, TENANTS), {
    occurredAtMs: monthStartMs + Math.floor((random() - 0.5) * 24 * HOUR_MS),
    endpoint: pick(random, ["/userid/", "/user-posts/", "/search-video/"]),
    outcome: isDoubtful ? "timeout" : "success",
    upstreamKeyId: pick(random, ["platform-00000000", "0199c0de-0000-7000-8000-0000000000ee"]),
    creditsCharged: isDoubtful ? 0 : 1,
    creditsInDoubt: isDoubtful ? 1 : 0,
  });
}

async function expectBooksOf(events: readonly UsageEvent[]): Promise<void> {
  const { owner } = database;
  const inDoubt = events.reduce((sum, { creditsInDoubt }) => sum + creditsInDoubt, 0);
  const { rows: booked } = await owner.query(
    `SELECT count(*)::int AS events, count(DISTINCT event_id)::int AS ids, sum(credits_charged)::int AS charged,
       sum(credits_in_doubt)::int AS doubt, count(DISTINCT date_trunc('month', occurred_at AT TIME ZONE 'UTC'))::int AS months
     FROM app.usage_events`,
  );
  expect(booked).toEqual([{ events: EVENTS, ids: EVENTS, charged: EVENTS - inDoubt, doubt: inDoubt, months: 2 }]);
  const { rows: differing } = await owner.query(
    `SELECT * FROM (
       SELECT tenant_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, endpoint, count(*), sum(credits_charged) AS charged,
              sum(credits_in_doubt) AS doubt,
              coalesce(sum(credits_charged) FILTER (WHERE upstream_key_id NOT LIKE 'platform-%'), 0) AS own
       FROM app.usage_events GROUP BY 1, 2, 3) AS counted
     FULL JOIN app.usage_daily_rollup AS r USING (tenant_id, day, endpoint)
     WHERE (count, charged, doubt, own) IS DISTINCT FROM (calls, credits_charged, credits_in_doubt, credits_on_own_key)`,
  );
  expect(differing).toEqual([]);
  expect((await owner.query("SELECT FROM app.dead_messages")).rowCount).toBe(0);
}

/** What the consumers did not tell, for their connection died between the commit and its reply, the cron finds. */
async function expectToldOnce(told: readonly string[]): Promise<void> {
  const deliveries = neonDeliveries({
    database: database.connectAs("rw"),
    operatorsDatabase: database.connectAs("ops"),
    leaseMs: 1_000,
    overdueMs: -HOUR_MS,
    mostAttempts: 1,
  });
  const { rows } = await database.owner.query<{ threshold: number; tenant: string }>(
    "SELECT tenant_id AS tenant, (data->>'threshold')::int AS threshold FROM app.webhook_events ORDER BY 2",
  );
  expect(rows).toEqual([50, 80, 100].map((threshold) => ({ tenant: TENANT_A, threshold })));
  const overdue = new Set((await deliveries.overdue(10)).map(({ eventId }) => eventId));
  expect(overdue.size).toBe(rows.length);
  expect(new Set(told).size).toBe(told.length);
  expect(told.filter((eventId) => !overdue.has(eventId))).toEqual([]);
}

function pick<T>(random: () => number, things: readonly T[]): T {
  const picked = things[Math.floor(random() * things.length)];
  if (picked === undefined) throw new Error("there is nothing to pick from");
  return picked;
}

function shuffled<T>(random: () => number, things: readonly T[]): T[] {
  return things
    .map((thing) => ({ thing, rank: random() }))
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ thing }) => thing);
}

/** Numbers from 0 to 1 that are the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
