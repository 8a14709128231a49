import type { Graveyard, Log } from "../core/ports.ts";
import type { Batch, Message } from "./consume.ts";

type BuryPorts = { readonly graveyard: Graveyard; readonly log: Log };

/** Where a poisoned message ends: in Postgres, with the reason, for a person to look at. Delivered again until that has worked. */
export async function bury(ports: BuryPorts, { queue, messages }: Batch): Promise<void> {
  const hopeless = messages.map((message) => ({ message, reason: "delivered in vain until the queue gave up" }));
  await buryMessages(ports, queue, hopeless);
}

export async function buryMessages(
  { graveyard, log }: BuryPorts,
  queue: string,
  hopeless: readonly { readonly message: Message; readonly reason: string }[],
): Promise<void> {
  if (hopeless.length === 0) return;
  try {
    await graveyard.bury(
      hopeless.map(({ message, reason }) => ({ id: message.id, queue, reason, body: message.body })),
    );
    for (const { message } of hopeless) message.ack();
    log.error("messages-buried", { queue, messages: hopeless.length });
  } catch (error) {
    log.error("messages-not-buried", { error, queue, messages: hopeless.length });
    for (const { message } of hopeless) message.retry();
  }
}
