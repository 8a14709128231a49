import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { openRoles } from "../dev/database-roles.ts";
import { startNeon } from "../dev/neon.ts";
import { startPostgres } from "../dev/postgres.ts";
import type { Teardown } from "../dev/teardown.ts";
import { migrate } from "../drizzle/migrate.ts";
import { connect } from "../src/adapters/neon-database.ts";
import { neonUsageLedger } from "../src/adapters/neon-usage-ledger.ts";
import type { UsageEvent } from "../src/core/usage.ts";
import { uuid7 } from "../src/core/uuid7.ts";

const TENANTS = 8;
const BATCH = 100;
const BATCHES = 40;

/** Each call records some thousand events of several tenants, whose batches are recorded at the same time, and says how many a second. */
export async function ingestPerSecond(dataDir: string, teardown: Teardown): Promise<() => Promise<number>> {
  const postgres = await startPostgres({ dataDir, durable: true });
  teardown.add(postgres.stop);
  await migrate(postgres.url);
  const urls = await openRoles(postgres.url, "bench");
  const tenants = await makeTenants(postgres.url);
  const neon = await startNeon({ postgresUrl: postgres.url });
  teardown.add(neon.stop);
  const ledger = neonUsageLedger(connect(urls.rw, { sqlEndpoint: neon.url, timeoutMs: 10_000 }));
  return async () => {
    const batches = Array.from({ length: BATCHES }, (_, at) => batchOf(tenants[at % TENANTS] ?? ""));
    const startedMs = performance.now();
    const recorded = await Promise.all(batches.map((events) => ledger.addEvents(events[0]?.tenantId ?? "", events)));
    if (recorded.some(({ kind }) => kind !== "recorded")) throw new Error("Postgres refused usage");
    return (BATCHES * BATCH * 1_000) / (performance.now() - startedMs);
  };
}

async function makeTenants(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO app.tenants (name, plan, key_mode) SELECT 'Bench ' || n, 'pro', 'shared' FROM generate_series(1, $1) AS n RETURNING id`,
    [TENANTS],
  );
  await client.end();
  return rows.map(({ id }) => id);
}

function batchOf(tenantId: string): UsageEvent[] {
  return Array.from({ length: BATCH }, () => {
    const occurredAtMs = Date.now();
    return {
      eventId: uuid7(occurredAtMs, randomBytes(10)),
      tenantId,
      occurredAtMs,
      endpoint: "/userid/",
      status: 200,
      outcome: "success",
      creditsCharged: 1,
      creditsInDoubt: 0,
      requestId: "0199c0de-0000-7000-8000-0000000000ff",
      upstreamKeyId: "platform-0",
    };
  });
}
