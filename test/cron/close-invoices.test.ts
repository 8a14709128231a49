import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neonStatements } from "../../src/adapters/neon-statements.ts";
import type { Statements } from "../../src/core/statement-ports.ts";
import { checksumOf } from "../../src/core/invoice.ts";
import { closeInvoices } from "../../src/cron/close-invoices.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { silentLog } from "../support/silent-log.ts";
import { TENANT_A, TENANT_B } from "../support/tenancy-database.ts";

const HOUR = 3_600_000;

let database: NeonTenancy;
let statements: Statements;
beforeAll(async () => {
  database = await neonTenancy();
  statements = neonStatements({ rw: database.connectAs("rw"), ops: database.connectAs("ops") });
});
beforeEach(async () => {
  await database.owner.query(`
    ALTER TABLE app.invoices DISABLE TRIGGER append_only; DELETE FROM app.invoices; ALTER TABLE app.invoices ENABLE ALWAYS TRIGGER append_only;
    DELETE FROM app.usage_daily_rollup;
    UPDATE app.tenants SET created_at = '2026-09-10T08:00:00Z', deleted_at = NULL, plan = 'pro'`);
});
afterAll(() => database.close());

const run = (now: string, ports: Statements = statements) =>
  closeInvoices({ statements: ports, invoiceCloseMs: 72 * HOUR, clock: () => Date.parse(now), log: silentLog });

async function closed(tenantId = TENANT_A): Promise<string[]> {
  const months = (await statements.invoiceMonths(tenantId))?.closed ?? [];
  return months.map(({ month }) => month).toReversed();
}

async function spend(day: string, credits: number): Promise<void> {
  await database.owner.query(
    `INSERT INTO app.usage_daily_rollup AS r VALUES ($1, $2, '/userid/', $3, $3, 0, 0, 0)
     ON CONFLICT (tenant_id, day, endpoint) DO UPDATE
     SET calls = r.calls + excluded.calls, credits_charged = r.credits_charged + excluded.credits_charged`,
    [TENANT_A, day, credits],
  );
}

describe("an invoice is closed", () => {
  it("72 hours after its month, and not a moment before", async () => {
    await run("2026-10-03T23:59:59.999Z");
    expect(await closed()).toEqual([]);
    await run("2026-10-04T00:00:00Z");
    expect(await closed()).toEqual(["2026-09"]);
  });

  it("for every month that nobody closed, oldest first, after days or months without a cron", async () => {
    await spend("2026-09-30", 1);
    await spend("2026-11-01", 2);
    await run("2027-01-20T00:00:00Z");
    const months = ["2026-09", "2026-10", "2026-11", "2026-12"];
    expect([await closed(), await closed(TENANT_B)]).toEqual([months, months]);
    expect((await statements.invoice(TENANT_A, "2026-11"))?.closed).toMatchObject({ number: 3, total: { calls: 2 } });
  });

  it("once, by five runs at the same time, each month's late usage on exactly one of them", async () => {
    await spend("2026-09-30", 250_000);
    await run("2026-10-04T00:00:00Z");
    await spend("2026-09-30", 1_000);
    await Promise.all(Array.from({ length: 5 }, () => run("2027-01-20T00:00:00Z")));
    const all = await Promise.all((await closed()).map((month) => statements.invoice(TENANT_A, month)));
    const adjusted = all.flatMap((found) => found?.closed?.adjustments ?? []);
    expect(adjusted).toMatchObject([{ of_month: "2026-09", credits_charged: 1_000, amount_cents: 100 }]);
    expect(all.map((found) => found?.closed?.number)).toEqual([1, 2, 3, 4]);
  });

  it("with a checksum of the document as Postgres gives it back", async () => {
    await spend("2026-09-30", 3);
    await run("2026-10-04T00:00:00Z");
    const found = await statements.invoice(TENANT_A, "2026-09");
    if (!found?.closed) throw new Error("the invoice is not closed");
    const { checksum, ...document } = found.closed;
    expect(await checksumOf(document)).toBe(checksum);
  });

  it("although another tenant's fails: one tenant's trouble is nobody else's", async () => {
    let tried = 0;
    const failing: Statements = {
      ...statements,
      invoice(tenantId, month) {
        if (tenantId !== TENANT_A) return statements.invoice(tenantId, month);
        tried += 1;
        return Promise.reject(new Error("broken"));
      },
    };
    expect(await run("2026-12-04T00:00:00Z", failing)).toBe(0);
    expect([await closed(), await closed(TENANT_B)]).toEqual([[], ["2026-09", "2026-10", "2026-11"]]);
    expect(tried).toBe(1);
  });
});

it("rests when nothing is left, because to ask is to look at every tenant", async () => {
  expect(await run("2026-12-04T00:00:00Z")).toBe(600_000);
});

it("leaves to the next run what is more than two hundred, because an invocation has a thousand requests", async () => {
  let read = 0;
  const endless: Statements = {
    ...statements,
    due: async (_endedBeforeMs, limit) =>
      Array.from({ length: Math.min(limit, 70) }, () => ({ tenantId: TENANT_A, month: "2026-09" })),
    invoice: async () => {
      read += 1;
      return undefined;
    },
  };
  expect(await run("2026-12-04T00:00:00Z", endless)).toBe(0);
  expect(read).toBe(200);
});

it("leaves it to the next run when Postgres does not answer, and ends no other job of the cron", async () => {
  await expect(
    run("2026-12-04T00:00:00Z", { ...statements, due: () => Promise.reject(new Error("down")) }),
  ).resolves.toBe(0);
});
