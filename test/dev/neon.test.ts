import { neon, neonConfig } from "@neondatabase/serverless";
import type { NeonQueryFunction } from "@neondatabase/serverless";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningEndpoint } from "../../dev/http-endpoint.ts";
import { startNeon } from "../../dev/neon.ts";
import { freshDatabase } from "../support/databases.ts";
import type { FreshDatabase } from "../support/databases.ts";

let database: FreshDatabase;
let endpoint: RunningEndpoint;
let query: NeonQueryFunction<false, false>;

beforeAll(async () => {
  database = await freshDatabase();
  endpoint = await startNeon({ postgresUrl: database.url });
  neonConfig.fetchEndpoint = `${endpoint.url}/sql`;
  query = neon(database.url);
  await query`CREATE TABLE coins (id int PRIMARY KEY, face text CONSTRAINT real_face CHECK (face <> 'edge'))`;
});

beforeEach(async () => {
  await control("DELETE", "/__faults");
  await query`TRUNCATE coins`;
});

afterAll(async () => {
  await endpoint.stop();
  await database.drop();
});

async function control(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(endpoint.url + path, { method, body: body === undefined ? null : JSON.stringify(body) });
  return response.json();
}

describe("the vendor's driver", () => {
  it.each([
    { literal: "42::int", is: 42 },
    { literal: "9007199254740993::bigint", is: "9007199254740993" },
    { literal: "true", is: true },
    { literal: "NULL::text", is: null },
    { literal: "'héllo'", is: "héllo" },
    { literal: `'{"a": [1]}'::jsonb`, is: { a: [1] } },
    { literal: "ARRAY['a','b']", is: ["a", "b"] },
    { literal: String.raw`'\x00ff'::bytea`, is: Buffer.from([0, 255]) },
    { literal: "timestamptz '2026-01-02 03:04:05.678Z'", is: new Date("2026-01-02T03:04:05.678Z") },
  ])("parses $literal itself, from what Postgres wrote", async ({ literal, is }) => {
    expect(await query.query(`SELECT ${literal} AS value`)).toEqual([{ value: is }]);
  });

  it("passes parameters of every kind", async () => {
    const rows =
      await query`SELECT ${1}::int AS n, ${"a'b"} AS t, ${null}::text AS nothing, ${["x", "y"]}::text[] AS list,
      ${Buffer.from([1, 2])} AS bytes, ${{ a: 1 }}::jsonb AS object, ${false}::bool AS flag`;
    expect(rows).toEqual([
      { n: 1, t: "a'b", nothing: null, list: ["x", "y"], bytes: Buffer.from([1, 2]), object: { a: 1 }, flag: false },
    ]);
  });

  it("gives an error every field that Postgres gave it", async () => {
    await query`INSERT INTO coins VALUES (1, 'head')`;
    await expect(query`INSERT INTO coins VALUES (1, 'tail')`).rejects.toMatchObject({
      code: "23505",
      constraint: "coins_pkey",
      detail: "Key (id)=(1) already exists.",
      table: "coins",
      severity: "ERROR",
    });
  });

  it("refuses two statements in one query, as Neon does", async () => {
    await expect(query.query("SELECT 1; SELECT 2")).rejects.toMatchObject({ code: "42601" });
  });

  it("commits a batch whole or not at all", async () => {
    const batch = query.transaction([
      query`INSERT INTO coins VALUES (1, 'head')`,
      query`INSERT INTO coins VALUES (2, 'edge')`,
    ]);
    await expect(batch).rejects.toMatchObject({ code: "23514", constraint: "real_face" });
    expect(await query`SELECT count(*)::int AS coins FROM coins`).toEqual([{ coins: 0 }]);
  });

  it("runs a batch with the isolation that was asked for, on one connection", async () => {
    const results = await query.transaction(
      [
        query`SELECT set_config('app.tenant_id', 'a', true)`,
        query`SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS read_only,
          current_setting('app.tenant_id') AS tenant`,
      ],
      { isolationLevel: "RepeatableRead", readOnly: true },
    );
    expect(results[1]).toEqual([{ isolation: "repeatable read", read_only: "on", tenant: "a" }]);
    expect(await query`SELECT NULLIF(current_setting('app.tenant_id', true), '') AS tenant`).toEqual([
      { tenant: null },
    ]);
  });

  it("connects as the role of the request, with that role's password", async () => {
    const stranger = new URL(database.url);
    stranger.password = "wrong";
    await expect(neon(stranger.href)`SELECT 1`).rejects.toMatchObject({ code: "28P01" });
  });

  it("recovers when Postgres ends a connection under it", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    await client.end();
    // A connection that is not known to be dead yet may fail one query; it must not fail the next.
    await query`SELECT 1`.catch(() => undefined);
    expect(await query`SELECT 1 AS one`).toEqual([{ one: 1 }]);
  });
});

describe("faults", () => {
  it("loses the reply of a statement that committed, with the same error as one that was never sent", async () => {
    await control("POST", "/__faults", { kind: "drop-reply", contains: "INSERT" });
    await expect(query`INSERT INTO coins VALUES (1, 'head')`).rejects.toMatchObject({ code: undefined });
    await control("POST", "/__faults", { kind: "down" });
    await expect(query`INSERT INTO coins VALUES (2, 'head')`).rejects.toMatchObject({ code: undefined });
    expect(await query`SELECT id FROM coins`).toEqual([{ id: 1 }]);
  });

  it("outlives a connection that Postgres ends within a batch, since it serves everybody", async () => {
    await expect(
      query.transaction([query`SELECT pg_terminate_backend(pg_backend_pid())`, query`SELECT 1`]),
    ).rejects.toThrow(Error);
    expect(await query`SELECT 1 AS one`).toEqual([{ one: 1 }]);
  });

  it("counts requests and statements", async () => {
    const before = (await control("GET", "/__stats")) as { requests: number; commands: number };
    await query.transaction([query`SELECT 1`, query`SELECT 2`]);
    expect(await control("GET", "/__stats")).toEqual({ requests: before.requests + 1, commands: before.commands + 2 });
  });
});
