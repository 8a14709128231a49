import { DatabaseError, Pool } from "pg";
import type { PoolClient } from "pg";
import * as v from "valibot";
import { startEndpoint } from "./http-endpoint.ts";
import type { EndpointReply, EndpointRequest, RunningEndpoint } from "./http-endpoint.ts";

const Query = v.object({ query: v.string(), params: v.optional(v.array(v.nullable(v.string())), []) });
const Body = v.pipe(v.string(), v.parseJson(), v.union([Query, v.object({ queries: v.array(Query) })]));

const ISOLATION_LEVELS: Readonly<Record<string, string>> = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
};

/** Values stay as Postgres writes them: the driver parses. */
const RAW_TEXT = { getTypeParser: () => (text: string) => text };

export type NeonOptions = {
  readonly postgresUrl: string;
  readonly port?: number;
  /** How many connections each role shares. Neon's pooler, too, hands a connection to another request after each transaction. */
  readonly connections?: number;
};

/**
 * Speaks Neon's SQL over HTTP at `/sql`, as its serverless driver sends it: values travel as Postgres writes them, a batch is one
 * transaction. User, password and database come from the request, so roles and their rights are as real as with Neon.
 */
export async function startNeon({ postgresUrl, port = 0, connections = 10 }: NeonOptions): Promise<RunningEndpoint> {
  const pools = new Map<string, Pool>();

  function poolFor(connectionString: string): Pool {
    const url = new URL(connectionString);
    url.host = new URL(postgresUrl).host;
    url.search = "";
    const known = pools.get(url.href);
    if (known !== undefined) return known;
    const pool = new Pool({ connectionString: url.href, max: connections, idleTimeoutMillis: 5_000 });
    // An idle connection that Postgres ends is replaced by the next query.
    pool.on("error", () => undefined);
    // So is one that ends between two statements of a batch: the next statement is what tells the batch.
    pool.on("connect", (client) => client.on("error", () => undefined));
    pools.set(url.href, pool);
    return pool;
  }

  async function answer(request: EndpointRequest): Promise<EndpointReply> {
    const connectionString = request.headers["neon-connection-string"];
    if (request.url.pathname !== "/sql" || request.method !== "POST") return failure(404, { message: "not found" });
    if (typeof connectionString !== "string" || !URL.canParse(connectionString)) {
      return failure(400, { message: "missing or malformed Neon-Connection-String" });
    }
    const body = v.safeParse(Body, request.body);
    if (!body.success) return failure(400, { message: "the body holds neither a query nor queries" });
    try {
      const pool = poolFor(connectionString);
      if ("query" in body.output) return { status: 200, body: await run(pool, body.output), commands: 1 };
      const results = await runBatch(pool, body.output.queries, beginStatement(request));
      return { status: 200, body: { results }, commands: results.length };
    } catch (error) {
      if (error instanceof DatabaseError) return failure(400, errorBody(error));
      return failure(500, { message: error instanceof Error ? error.message : String(error) });
    }
  }

  const endpoint = await startEndpoint({ port, refuse: () => null, answer });
  return {
    url: endpoint.url,
    async stop() {
      await endpoint.stop();
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

/** The extended protocol is asked for even without parameters: Neon, too, refuses two statements in one query. */
async function run(on: Pool | PoolClient, { query, params }: v.InferOutput<typeof Query>): Promise<unknown> {
  const statement = { text: query, values: params, rowMode: "array" as const, queryMode: "extended", types: RAW_TEXT };
  const { command, rowCount, rows, fields } = await on.query<unknown[]>(statement);
  return { command, rowCount, rows, fields, rowAsArray: true };
}

async function runBatch(
  pool: Pool,
  queries: readonly v.InferOutput<typeof Query>[],
  begin: string,
): Promise<readonly unknown[]> {
  const client = await pool.connect();
  try {
    await client.query(begin);
    const results: unknown[] = [];
    for (const query of queries) results.push(await run(client, query));
    await client.query("COMMIT");
    client.release();
    return results;
  } catch (error) {
    const rolledBack = await client.query("ROLLBACK").then(
      () => true,
      () => false,
    );
    client.release(!rolledBack);
    throw error;
  }
}

function beginStatement({ headers }: EndpointRequest): string {
  const level = ISOLATION_LEVELS[String(headers["neon-batch-isolation-level"])];
  return [
    "BEGIN",
    ...(level === undefined ? [] : [`ISOLATION LEVEL ${level}`]),
    ...(headers["neon-batch-read-only"] === "true" ? ["READ ONLY"] : []),
    ...(headers["neon-batch-deferrable"] === "true" ? ["DEFERRABLE"] : []),
  ].join(" ");
}

/** The driver's error fields have the names that Neon gives them. */
function errorBody(error: DatabaseError): Record<string, unknown> {
  return { ...Object.fromEntries(Object.entries(error)), message: error.message };
}

function failure(status: number, body: Record<string, unknown>): EndpointReply {
  return { status, body, commands: 0 };
}
