import { neon, neonConfig } from "@neondatabase/serverless";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNeon } from "../../dev/neon.ts";
import type { RunningEndpoint } from "../../dev/http-endpoint.ts";
import { neonHttp, PostgresError, type SqlStatement } from "../../src/adapters/neon-http.ts";
import { freshDatabase, type FreshDatabase } from "../support/databases.ts";

const ENDPOINT_OF_NEON = neonConfig.fetchEndpoint;

let database: FreshDatabase;
let endpoint: RunningEndpoint;
beforeAll(async () => {
  database = await freshDatabase();
  endpoint = await startNeon({ postgresUrl: database.url });
});
afterAll(async () => {
  await endpoint.stop();
  await database.drop();
});

const ours = (statements: readonly SqlStatement[], url = database.url) =>
  neonHttp(new URL(url), { sqlEndpoint: endpoint.url, timeoutMs: 10_000 })(statements);

/** Neon's own client, by which ours is measured. */
function vendors(statements: readonly SqlStatement[], url = database.url) {
  neonConfig.fetchEndpoint = `${endpoint.url}/sql`;
  return transactionOf(url, statements);
}

function transactionOf(url: string, statements: readonly SqlStatement[]) {
  const client = neon(url, { fullResults: true });
  return client.transaction(statements.map(({ query, params }) => client.query(query, [...params])));
}

describe("what is sent is what Neon's own client sends, for a change of its protocol shows when it is updated", () => {
  it.each([
    {
      because: "a host is asked at its region's endpoint",
      url: "postgres://app:secret@ep-one-pooler.eu.neon.tech/main",
    },
    {
      because: "a password is kept as it is written",
      url: "postgresql://app:s%40%2Fcret@ep-two.eu.neon.tech:5432/main?sslmode=require",
    },
  ])("$because", async ({ url }) => {
    const statements = [
      { query: "SELECT set_config($1, $2, true)", params: ["app.tenant_id", "a"] },
      { query: "SELECT $1::int, $2::float8, $3::boolean, $4::text", params: [7, 1.5, false, null] },
      { query: "SELECT $1::text[]", params: [["plain", 'say "hi"', String.raw`back\slash`, "{,}", ""]] },
    ];
    const [one, other] = [
      await sentBy(() => neonHttp(new URL(url), { timeoutMs: 1_000 })(statements)),
      await sentByVendor(url, statements),
    ];
    expect(one).toEqual(other);
  });

  it.each([{ value: new Date(0) }, { value: { a: 1 } }, { value: [1] }, { value: new Uint8Array(1) }])(
    "but for $value, which is refused, because there is more than one way to write it down",
    async ({ value }) => {
      await expect(ours([{ query: "SELECT $1", params: [value] }])).rejects.toThrow(TypeError);
    },
  );
});

describe("what is read is what Neon's own client reads", () => {
  it.each([
    "true",
    "false",
    "'t'::text",
    "(-32768)::int2",
    "2147483647",
    "9007199254740993::bigint",
    "1.50::numeric",
    "'1e-7'::float8",
    "'NaN'::float8",
    "'-Infinity'::float4",
    "NULL::int",
    "'null'::jsonb",
    `'{"a": [1, "é", null], "__proto__": 2}'::jsonb`,
    `'{"a" : 1}'::json`,
    "'0199c0de-0000-7000-8000-0000000000ff'::uuid",
    "'x'::varchar",
    "set_config('app.tenant_id', 'a', true)",
    "pg_advisory_xact_lock(1)",
  ])("of %s", async (value) => {
    const statements = [{ query: `SELECT ${value} AS value, 1 AS other`, params: [] }];
    const [[one], [other]] = [await ours(statements), await vendors(statements)];
    expect(one).toEqual({ rows: other?.rows, rowCount: 1 });
  });

  it("of statements without rows, without columns, and with a count alone", async () => {
    const statements = [
      { query: "SELECT 1 AS one WHERE false", params: [] },
      { query: "SELECT", params: [] },
      { query: "CREATE TEMPORARY TABLE counted ON COMMIT DROP AS SELECT 1 AS one", params: [] },
      { query: "UPDATE counted SET one = one", params: [] },
    ];
    const [some, others] = [await ours(statements), await vendors(statements)];
    expect(some.map(({ rows }) => rows)).toEqual(others.map(({ rows }) => rows));
    expect(some.map(({ rowCount }) => rowCount)).toEqual([0, 1, 1, 1]);
  });

  it("but for times, bytes and lists, which stay as Postgres writes them", async () => {
    const query = String.raw`SELECT date '2026-01-31' AS day, '\x00ff'::bytea AS bytes, ARRAY['a', 'b'] AS list`;
    expect((await ours([{ query, params: [] }]))[0]?.rows).toEqual([
      { day: "2026-01-31", bytes: String.raw`\x00ff`, list: "{a,b}" },
    ]);
  });
});

describe("what Postgres refuses says what Neon's own client says", () => {
  it.each([
    { query: "SELECT 1; SELECT 2", code: "42601" },
    { query: "SELECT 1 / 0", code: "22012" },
    { query: "SELECT 'x'::uuid", code: "22P02" },
    { query: "SELECT * FROM (VALUES (1)) AS t (a) WHERE b", code: "42703" },
  ])("of $query", async ({ query, code }) => {
    const statements = [{ query, params: [] }];
    const [one, other] = [await refusalOf(ours(statements)), await refusalOf(vendors(statements))];
    expect(one).toBeInstanceOf(PostgresError);
    expect(one).toMatchObject({ code, message: other.message });
    expect(other).toMatchObject({ code });
  });

  it("of a broken constraint, by its name, and nothing of the batch is done", async () => {
    await ours([{ query: "CREATE TABLE coins (id int CONSTRAINT one_of_each UNIQUE)", params: [] }]);
    const insert = { query: "INSERT INTO coins VALUES (1)", params: [] };
    expect(await refusalOf(ours([insert, insert]))).toMatchObject({ code: "23505", constraint: "one_of_each" });
    expect(await refusalOf(vendors([insert, insert]))).toMatchObject({ code: "23505", constraint: "one_of_each" });
    expect((await ours([{ query: "SELECT FROM coins", params: [] }]))[0]?.rowCount).toBe(0);
  });

  it("of a wrong password", async () => {
    const stranger = new URL(database.url);
    stranger.password = "wrong";
    const statements = [{ query: "SELECT 1", params: [] }];
    expect(await refusalOf(ours(statements, stranger.href))).toMatchObject({ code: "28P01" });
    expect(await refusalOf(vendors(statements, stranger.href))).toMatchObject({ code: "28P01" });
  });
});

describe("what is no answer is no word of Postgres", () => {
  it.each([
    { because: "the status says so", response: () => Response.json({ results: [] }, { status: 502 }) },
    { because: "the answer ends in the middle", response: () => new Response('{"results": [{"rows"') },
    { because: "the answer is of another kind", response: () => Response.json({ rows: [] }) },
    { because: "the refusal cannot be read", response: () => new Response("bad request", { status: 400 }) },
  ])("when $because", async ({ response }) => {
    const refused = await refusalOf(
      fetchingWith(
        async () => response(),
        () => ours([{ query: "SELECT 1", params: [] }]),
      ),
    );
    expect(refused).not.toBeInstanceOf(PostgresError);
  });
});

async function refusalOf(asked: Promise<unknown>): Promise<Error> {
  const error: unknown = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error("nothing was refused");
  return error;
}

async function fetchingWith<T>(instead: typeof fetch, work: () => Promise<T>): Promise<T> {
  const { fetch } = globalThis;
  globalThis.fetch = instead;
  try {
    return await work();
  } finally {
    globalThis.fetch = fetch;
  }
}

/** The one request that `work` makes. The name that a client gives itself is its own. */
async function sentBy(work: () => Promise<unknown>) {
  const requests: Request[] = [];
  const answer: typeof fetch = async (input, init) => {
    requests.push(new Request(input, init ?? {}));
    return Response.json({ results: [] });
  };
  await fetchingWith(answer, work).catch(() => undefined);
  const [request] = requests;
  if (request === undefined || requests.length > 1) throw new Error(`${requests.length} requests were made`);
  const headers = new Headers(request.headers);
  const connection = new URL(headers.get("neon-connection-string") ?? "");
  connection.searchParams.delete("application_name");
  headers.set("neon-connection-string", connection.href);
  return { url: request.url, method: request.method, headers: [...headers], body: await request.text() };
}

async function sentByVendor(url: string, statements: readonly SqlStatement[]) {
  neonConfig.fetchEndpoint = ENDPOINT_OF_NEON;
  return sentBy(() => transactionOf(url, statements));
}
