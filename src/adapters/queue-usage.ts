import type { UsageMessage } from "../core/usage.ts";
import type { UsageQueue } from "../core/ports.ts";

/** Cloudflare's bound on one `sendBatch`, messages. */
const BATCH = 100;

/** Usage on its way through Cloudflare Queues. Throws when the queue refuses: the outbox keeps what was not sent. */
export function queueUsage(queue: Queue<UsageMessage>): UsageQueue {
  return {
    async send(messages) {
      for (let at = 0; at < messages.length; at += BATCH) {
        await queue.sendBatch(messages.slice(at, at + BATCH).map((body) => ({ body })));
      }
    },
  };
}
