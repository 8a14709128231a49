import { neonConfig } from "@neondatabase/serverless";
import * as v from "valibot";

const Sent = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ queries: v.array(v.object({ query: v.string(), params: v.array(v.unknown()) })) }),
);

/** One transaction as the Worker sends it: what is asked, and with what. */
export type SentBatch = v.InferOutput<typeof Sent>["queries"];

const Answered = v.object({ results: v.array(v.unknown()) });

export type Tap = {
  /** What is sent instead. */
  readonly send: (batch: SentBatch) => SentBatch;
  /** What is answered instead, a result for each statement. */
  readonly answer?: (results: unknown[]) => unknown[];
};

/**
 * Shows a test each transaction on its way to the SQL endpoint, and sends what the test makes of it, until the returned function is
 * called. It is the vendor's own hook, so what is seen is what would go to Neon.
 */
export function tapSql({ send, answer = (results) => results }: Tap): () => void {
  neonConfig.fetchFunction = async (url: string, init: RequestInit) => {
    const sent = v.safeParse(Sent, init.body);
    // A statement alone is none of the Worker's: it sends transactions.
    if (!sent.success) return fetch(url, init);
    const response = await fetch(url, { ...init, body: JSON.stringify({ queries: send(sent.output.queries) }) });
    if (!response.ok) return response;
    return Response.json({ results: answer(v.parse(Answered, await response.json()).results) });
  };
  return () => {
    neonConfig.fetchFunction = undefined;
  };
}

/** The statements that `work` sends, in order, without their values. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const send = (batch: SentBatch): SentBatch => {
    statements.push(...batch.map(({ query }) => query));
    return batch;
  };
  const untap = tapSql({ send });
  try {
    await work();
  } finally {
    untap();
  }
  return statements;
}
