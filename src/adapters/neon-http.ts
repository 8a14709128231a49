import * as v from "valibot";

/** A statement as it is sent: `$1` stands for the first parameter. */
export type SqlStatement = { readonly query: string; readonly params: readonly unknown[] };

export type SqlResult = { readonly rows: readonly Readonly<Record<string, unknown>>[]; readonly rowCount: number };

/** Runs statements as one transaction, or none of them. Throws `PostgresError` when Postgres refused one, else whatever kept it from answering. */
export type RunSql = (statements: readonly SqlStatement[]) => Promise<readonly SqlResult[]>;

/** What Postgres said of a statement. Its message may repeat values, its `code` (SQLSTATE) and the name of a broken constraint do not. */
export class PostgresError extends Error {
  override readonly name = "PostgresError";
  readonly code: string | undefined;
  readonly constraint: string | undefined;

  constructor({ message, code, constraint }: v.InferOutput<typeof Refusal>) {
    super(message);
    this.code = code ?? undefined;
    this.constraint = constraint ?? undefined;
  }
}

export type HttpSettings = {
  /** Where SQL is sent instead of to Neon. */
  readonly sqlEndpoint?: string | undefined;
  /** Longest wait for one request, its body included. Giving up does not undo: the statements may have been committed. */
  readonly timeoutMs: number;
};

/**
 * Transactions over Neon's HTTP endpoint, letter for letter as Neon's own client sends them. That client weighs a third of the Worker,
 * most of it a driver for connections that nobody opens here. What it could besides is left out: sessions, tokens, levels of isolation,
 * and values other than those below.
 */
export function neonHttp(databaseUrl: URL, { sqlEndpoint, timeoutMs }: HttpSettings): RunSql {
  const url = new URL("/sql", sqlEndpoint ?? `https://${databaseUrl.hostname.replace(/^[^.]+\./, "api.")}`);
  const headers = {
    // One spelling for one database, for whoever keeps connections by it.
    "Neon-Connection-String": databaseUrl.href.replace(/^postgres:/, "postgresql:"),
    "Neon-Raw-Text-Output": "true",
    "Neon-Array-Mode": "true",
  };
  return async (statements) => {
    const queries = statements.map(({ query, params }) => ({ query, params: params.map(textOf) }));
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify({ queries }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status === 400) throw new PostgresError(v.parse(Refusal, await response.json()));
    if (!response.ok) throw new Error(`SQL over HTTP answers ${response.status}`);
    return v.parse(Answer, await response.json()).results.map(resultOf);
  };
}

const Refusal = v.object({ message: v.string(), code: v.nullish(v.string()), constraint: v.nullish(v.string()) });

const Result = v.object({
  fields: v.array(v.object({ name: v.string(), dataTypeID: v.number() })),
  rows: v.array(v.array(v.nullable(v.string()))),
  rowCount: v.nullish(v.number()),
});

const Answer = v.object({ results: v.array(Result) });

/** A parameter as Postgres reads it. Whoever has a time, bytes or an object to pass writes it down, since there is more than one way to. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `{${value.map(elementOf).join(",")}}`;
  throw new TypeError(`a parameter is ${typeof value}`);
}

function elementOf(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`an element of a list is ${typeof value}`);
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** By the type's number in `pg_type`. What is not here stays text: a `bigint` too, which may be more than a number holds. */
const READERS: ReadonlyMap<number, (text: string) => unknown> = new Map([
  [16, (text: string): unknown => text === "t"],
  [21, Number],
  [23, Number],
  [114, JSON.parse],
  [700, Number],
  [701, Number],
  [3802, JSON.parse],
]);

function resultOf({ fields, rows, rowCount }: v.InferOutput<typeof Result>): SqlResult {
  const columns = fields.map(({ name, dataTypeID }) => ({ name, read: READERS.get(dataTypeID) ?? String }));
  const read = (row: readonly (string | null)[]) =>
    Object.fromEntries(columns.map(({ name, read }, at) => [name, valueOf(row[at], read)]));
  return { rows: rows.map(read), rowCount: rowCount ?? 0 };
}

function valueOf(text: string | null | undefined, read: (text: string) => unknown): unknown {
  return text === null || text === undefined ? null : read(text);
}
