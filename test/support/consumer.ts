import { inject } from "vitest";
import { createTestHarness } from "wrangler";
import { ROOT, type Stack } from "./gateway.ts";

/** `attempts` is 1 unless told. */
export type Delivery = { readonly id: string; readonly body: unknown; readonly attempts?: number };

/** What the consumer decided. */
export type Delivered = {
  readonly outcome: string;
  readonly explicitAcks: readonly string[];
  readonly retryMessages: readonly { readonly msgId: string; readonly delaySeconds?: number }[];
};

/**
 * The built Worker as a consumer of queues, which is handed chosen messages: twice, together, out of order. Only Wrangler's test harness
 * can do that; its requests go through Node's fetch, so what depends on workerd's network is tested with `startGateway`.
 */
export async function startConsumer(stack: Stack) {
  const harness = createTestHarness({
    root: ROOT,
    workers: [{ configPath: "wrangler.toml", prebuiltWorkerDir: inject("workerDir"), secrets: { ...stack.settings } }],
  });
  await harness.listen();
  const worker = await harness.getWorker().getExport();
  return {
    /** Tells which messages were acknowledged and which are to be delivered again. */
    deliver: (queue: string, messages: readonly Delivery[]): Promise<Delivered> =>
      worker.queue(
        queue,
        messages.map(({ id, body, attempts = 1 }) => ({ id, body, timestamp: new Date(), attempts })),
      ),
    close: () => harness.close(),
  };
}
