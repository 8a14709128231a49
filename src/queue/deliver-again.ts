import type { Message } from "./consume.ts";

/** With the 100 retries that Cloudflare allows at the most, an outage may last almost eight hours. */
const LONGEST_SECONDS = 300;

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
