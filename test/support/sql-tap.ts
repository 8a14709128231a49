import { neonConfig } from "@neondatabase/serverless";
import * as v from "valibot";

const Sent = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ queries: v.array(v.object({ query: v.string(), params: v.array(v.unknown()) })) }),
);

/** One transaction as the Worker sends it: what is asked, and with what. */
export type SentBatch = v.InferOutput<typeof Sent>["queries"];

/**
 * Shows a test each transaction on its way to the SQL endpoint, and sends what the test makes of it, until the returned function is
 * called. It is the vendor's own hook, so what is seen is what would go to Neon.
 */
export function tapSql(tap: (batch: SentBatch) => SentBatch): () => void {
  neonConfig.fetchFunction = (url: string, init: RequestInit) => {
    const { queries } = v.parse(Sent, init.body);
    return fetch(url, { ...init, body: JSON.stringify({ queries: tap(queries) }) });
  };
  return () => {
    neonConfig.fetchFunction = undefined;
  };
}

/** The statements that `work` sends, in order, without their values. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const untap = tapSql((batch) => {
    statements.push(...batch.map(({ query }) => query));
    return batch;
  });
  try {
    await work();
  } finally {
    untap();
  }
  return statements;
}
