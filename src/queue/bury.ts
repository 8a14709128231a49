import type { Graveyard, Log } from "../core/ports.ts";
import type { Batch, Message } from "./consume.ts";

export type BuryPorts = { readonly graveyard: Graveyard; readonly log: Log };

type Hopeless = { readonly message: Message; readonly reason: string };

/** Half of a dead letter's deliveries, three and a half hours: the other half is left for the burial, after which the queue drops it. */
const PATIENCE = 50;

/** With the 100 retries that Cloudflare allows at the most, an outage may last almost eight hours. */
const LONGEST_SECONDS = 300;

/**
 * Where dead letters end that an outage still keeps from being consumed. They wait on, for what is good must not be buried and may have
 * no other copy; what has waited too long is buried, for a person to look at.
 */
export async function bury(ports: BuryPorts, { queue, messages }: Batch): Promise<void> {
  for (const message of messages) if (message.attempts < PATIENCE) deliverAgain(message);
  const hopeless = messages
    .filter(({ attempts }) => attempts >= PATIENCE)
    .map((message) => ({ message, reason: "delivered in vain until the queue gave up" }));
  await buryMessages(ports, queue, hopeless);
}

/**
 * Where a poisoned message ends: in Postgres, with the reason. Returns those that were buried; when the graveyard does not answer,
 * none, and all are delivered again.
 */
export async function buryMessages<T extends Hopeless>(
  { graveyard, log }: BuryPorts,
  queue: string,
  hopeless: readonly T[],
): Promise<readonly T[]> {
  if (hopeless.length === 0) return [];
  try {
    await graveyard.bury(
      hopeless.map(({ message, reason }) => ({ id: message.id, queue, reason, body: message.body })),
    );
  } catch (error) {
    log.error("messages-not-buried", { error, queue, messages: hopeless.length });
    for (const { message } of hopeless) deliverAgain(message);
    return [];
  }
  for (const { message } of hopeless) message.ack();
  log.error("messages-buried", { queue, messages: hopeless.length });
  return hopeless;
}

/**
 * Gives a message back to its queue, each time for twice as long. Without a wait an outage of a minute uses up all retries, and the
 * queue gives up on what is good.
 */
export function deliverAgain(message: Message): void {
  message.retry({ delaySeconds: retryDelaySeconds(message.attempts) });
}

/** Seconds until the next delivery of a message that was delivered `attempts` times. */
export function retryDelaySeconds(attempts: number): number {
  return Math.min(2 ** attempts, LONGEST_SECONDS);
}
