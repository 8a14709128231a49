import type { DeadMessage, Graveyard, Log } from "../core/ports.ts";
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

/** Where a poisoned message ends: in Postgres, with the reason. When the graveyard does not answer, all are delivered again. */
export async function buryMessages(ports: BuryPorts, queue: string, hopeless: readonly Hopeless[]): Promise<void> {
  const dead = hopeless.map(({ message, reason }) => ({ id: message.id, queue, reason, body: message.body }));
  const isBuried = await entomb(ports, dead);
  for (const { message } of hopeless)
    if (isBuried) message.ack();
    else deliverAgain(message);
}

/** Keeps what is dead in Postgres, whole messages or parts of some. False when the graveyard does not answer: then nobody has it but its queue. */
export async function entomb({ graveyard, log }: BuryPorts, dead: readonly DeadMessage[]): Promise<boolean> {
  if (dead.length === 0) return true;
  const which = { queue: dead[0]?.queue, messages: dead.length };
  try {
    await graveyard.bury(dead);
  } catch (error) {
    log.error("messages-not-buried", { error, ...which });
    return false;
  }
  log.error("messages-buried", which);
  return true;
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
