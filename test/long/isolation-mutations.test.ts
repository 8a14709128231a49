import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectedAs, isolatedDatabase } from "../support/isolated-database.ts";
import type { IsolatedDatabase } from "../support/isolated-database.ts";
import { isolationViolations } from "../support/isolation-violations.ts";
import { tapSql } from "../support/sql-tap.ts";
import type { SentBatch } from "../support/sql-tap.ts";
import { rowOf } from "../support/tenant-rows.ts";

/** What each mutation breaks is seen within a few turns of two tenants; the suite itself takes 200. */
const TURNS = 30;

let isolated: IsolatedDatabase;
beforeAll(async () => {
  isolated = await isolatedDatabase();
});
afterAll(() => isolated.close());

it("finds nothing when nothing is broken", async () => {
  expect(await isolationViolations(isolated, TURNS)).toEqual([]);
});

const own = "tenant_id = (SELECT app.current_tenant())";

/** Tenants only read it, so that a policy which checks nothing needs a grant too many before it lets anything in. */
const onReadOnly = (table: string, doing: string, whom: string) =>
  table === "past_terms" ? [`${doing} ON app.${table} ${whom} app_rw`] : [];

describe.each(Object.keys(rowOf))("the suite goes red when %s", (table) => {
  it.each([
    {
      mutation: "is not forced to obey row-level security",
      breaks: [`ALTER TABLE app.${table} NO FORCE ROW LEVEL SECURITY`],
      mends: [`ALTER TABLE app.${table} FORCE ROW LEVEL SECURITY`],
      says: `${table}: its owner sees rows`,
    },
    {
      mutation: "has no row-level security",
      breaks: [`ALTER TABLE app.${table} DISABLE ROW LEVEL SECURITY`],
      mends: [`ALTER TABLE app.${table} ENABLE ROW LEVEL SECURITY`],
      says: `${table}: another tenant's row is seen`,
    },
    {
      mutation: "does not check what is written",
      breaks: [`ALTER POLICY own_tenant ON app.${table} WITH CHECK (true)`, ...onReadOnly(table, "GRANT INSERT", "TO")],
      mends: [
        `ALTER POLICY own_tenant ON app.${table} WITH CHECK (${own})`,
        ...onReadOnly(table, "REVOKE INSERT", "FROM"),
      ],
      says: `${table}: a row is written for another tenant`,
    },
    {
      mutation: "shows every row",
      breaks: [`ALTER POLICY own_tenant ON app.${table} USING (true)`],
      mends: [`ALTER POLICY own_tenant ON app.${table} USING (${own})`],
      says: `${table}: another tenant's row is seen`,
    },
  ])("$mutation", async ({ breaks, mends, says }) => {
    const { owner } = isolated.database;
    for (const statement of breaks) await owner.query(statement);
    try {
      expect(await isolationViolations(isolated, TURNS)).toContain(says);
    } finally {
      for (const statement of mends) await owner.query(statement);
    }
  });
});

describe("the suite goes red when withTenant", () => {
  it("sets the tenant for the session, because the pool hands the connection on", async () => {
    const send = (batch: SentBatch): SentBatch =>
      batch.map(({ query, params }) => ({ query: query.replace(/(set_config\(.*), true\)/, "$1, false)"), params }));
    expect(await violationsWith({ send })).toContain("a connection keeps the tenant of the one before");
  });

  it("sets the tenant after the statements, because they then run for nobody", async () => {
    const send = ([setting, ...statements]: SentBatch): SentBatch =>
      setting === undefined ? statements : [...statements, setting];
    const answer = (results: unknown[]): unknown[] => [results.at(-1), ...results.slice(0, -1)];
    expect(await violationsWith({ send, answer })).toContain("tenants: a tenant does not see its own row");
  });

  it("sets no tenant", async () => {
    const send = (batch: SentBatch): SentBatch =>
      batch.map(({ query, params }) =>
        query.includes("set_config") ? { query: "SELECT 1", params: [] } : { query, params },
      );
    expect(await violationsWith({ send })).toContain("tenants: a tenant does not see its own row");
  });

  const violationsWith = async (tap: Parameters<typeof tapSql>[0]): Promise<string[]> => {
    const untap = tapSql(tap);
    try {
      return await isolationViolations(isolated, TURNS);
    } finally {
      untap();
      await isolated.forNobody("RESET app.tenant_id");
    }
  };
});

describe("the suite goes red when app_rw's URL is", () => {
  it("a superuser's, whom no policy binds", async () => {
    const mistaken = { ...isolated, ...connectedAs(isolated, isolated.database.url) };
    const violations = await isolationViolations(mistaken, TURNS);
    for (const table of [...Object.keys(rowOf), "tenants"])
      expect(violations).toContain(`${table}: another tenant's row is seen`);
  });

  it("the owner's, for whom there is no policy", async () => {
    const mistaken = { ...isolated, ...connectedAs(isolated, isolated.ownerUrl) };
    expect(await isolationViolations(mistaken, TURNS)).toContain("tenants: a tenant does not see its own row");
  });

  it.each(["auth", "ops"] as const)("app_%s's", async (role) => {
    const mistaken = { ...isolated, ...connectedAs(isolated, isolated.database.urls[role]) };
    await expect(isolationViolations(mistaken, TURNS)).rejects.toThrow(/permission denied/);
  });
});
