import { inject } from "vitest";
import { createTestHarness } from "wrangler";
import { ROOT, type Stack } from "./gateway.ts";

export type Delivery = { readonly id: string; readonly body: unknown };

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
    deliver: (queue: string, messages: readonly Delivery[]) =>
      worker.queue(
        queue,
        messages.map(({ id, body }) => ({ id, body, timestamp: new Date(), attempts: 1 })),
      ),
    close: () => harness.close(),
  };
}
