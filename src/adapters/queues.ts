import type { ControlMessage, ControlQueue } from "../core/control-ports.ts";
import type { ReplayQueue } from "../core/dead-message.ts";
import type { RefreshMessage, RefreshQueue, UsageQueue } from "../core/ports.ts";
import { packUsage } from "../core/pack-usage.ts";
import type { UsageMessage } from "../core/usage.ts";

/** Cloudflare's bounds on one `sendBatch`: 100 messages, and 256 KB together. */
const SMALL_AT_ONCE = 100;
const FULL_AT_ONCE = 4;

/** Usage on its way through Cloudflare Queues. Throws when the queue refuses: the outbox keeps what was not sent. */
export function queueUsage(queue: Queue<UsageMessage>): UsageQueue {
  return { send: (usage) => sendAll(queue, packUsage(usage), { atOnce: FULL_AT_ONCE }) };
}

/** What the control plane has to tell, on its way through Cloudflare Queues. Throws when the queue refuses. */
export function queueControl(queue: Queue<ControlMessage>): ControlQueue {
  return { send: (messages, delaySeconds = 0) => sendAll(queue, messages, { delaySeconds }) };
}

/** Refreshes on their way through Cloudflare Queues. Throws when the queue refuses: who finds the answer next asks again. */
export function queueRefreshes(queue: Queue<RefreshMessage>): RefreshQueue {
  return { send: (messages) => sendAll(queue, messages) };
}

/**
 * Sends again what was buried, as it was: what is wrong with it the consumer says, of now and not of then. A dead-letter queue's message goes
 * to the queue before it, whose retries it has again.
 */
export function replayQueue(queues: Readonly<Record<"usage" | "control" | "refresh", Queue>>): ReplayQueue {
  return {
    async send(name, body) {
      const [, of] = /^tikedge-(control|refresh)/.exec(name) ?? [];
      await queues[of === "control" || of === "refresh" ? of : "usage"].send(body);
    },
  };
}

async function sendAll<Message>(
  queue: Queue<Message>,
  messages: readonly Message[],
  { delaySeconds = 0, atOnce = SMALL_AT_ONCE } = {},
): Promise<void> {
  for (let at = 0; at < messages.length; at += atOnce) {
    const batch = messages.slice(at, at + atOnce).map((body) => ({ body }));
    await queue.sendBatch(batch, { delaySeconds });
  }
}
