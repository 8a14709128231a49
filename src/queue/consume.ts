import type { ControlMessage } from "../core/control-ports.ts";
import { parseControlMessage } from "../core/messages.ts";
import { announceEvent, type AnnouncePorts } from "./announce-event.ts";
import { bury, buryMessages, deliverAgain, retryDelaySeconds, type BuryPorts } from "./bury.ts";
import { checkKey, type CheckPorts } from "./check-key.ts";
import { publishChange, type PublishPorts } from "./publish-change.ts";
import { recordUsage, type RecordPorts } from "./record-usage.ts";

/** A queued message, as much of it as consumers use. */
export type Message = {
  readonly id: string;
  readonly body: unknown;
  /** Deliveries so far, this one among them. */
  readonly attempts: number;
  ack(): void;
  retry(options: { readonly delaySeconds: number }): void;
};

export type Batch = { readonly queue: string; readonly messages: readonly Message[] };

/** What became of one message of the control queue. A consumer that throws has it again later, as after an outage. */
export type Consumed =
  | { readonly kind: "done" }
  | { readonly kind: "again"; readonly afterSeconds: number }
  /** No delivery will mend it; the reason is logged and kept, so it repeats no value. */
  | { readonly kind: "hopeless"; readonly reason: string };

export type ConsumePorts = RecordPorts & BuryPorts & PublishPorts & AnnouncePorts & CheckPorts;

const CONTROL = "tikedge-control";

/** A queue's dead letters arrive in a queue of their own: a dead-letter queue without a consumer drops them after four days. */
const DEAD = "-dead";

/**
 * Hands a batch to the consumer of its queue. Consumers are idempotent and order-free, for delivery is at least once. Dead letters are
 * consumed like any message when they can be: most are there because an outage outlasted the first queue.
 */
export const consume =
  (ports: ConsumePorts) =>
  async (batch: Batch): Promise<void> => {
    const isDead = batch.queue.endsWith(DEAD);
    if (batch.queue.startsWith(CONTROL)) {
      await Promise.all(batch.messages.map((message) => consumeControl(ports, { ...batch, message, isDead })));
      return;
    }
    const unrecorded = await recordUsage(ports, batch);
    if (isDead) return bury(ports, { ...batch, messages: unrecorded });
    for (const message of unrecorded) deliverAgain(message);
  };

type Delivery = { readonly queue: string; readonly isDead: boolean; readonly message: Message };

/** Each message by itself: they go to different places, and one that waits must hold up no other. */
async function consumeControl(ports: ConsumePorts, { queue, isDead, message }: Delivery): Promise<void> {
  const consumed = await outcomeOf(ports, message);
  switch (consumed.kind) {
    case "done":
      return message.ack();
    case "again":
      if (isDead) return bury(ports, { queue, messages: [message] });
      return message.retry({ delaySeconds: consumed.afterSeconds });
    case "hopeless":
      return void (await buryMessages(ports, queue, [{ message, reason: consumed.reason }]));
    default:
      return consumed satisfies never;
  }
}

async function outcomeOf(ports: ConsumePorts, { body, attempts }: Message): Promise<Consumed> {
  const parsed = parseControlMessage(body);
  if (parsed.kind === "malformed") return { kind: "hopeless", reason: parsed.reason };
  try {
    return await consumerOf(ports, parsed.message, attempts);
  } catch (error) {
    ports.log.error("control-message-failed", { error, kind: parsed.message.kind });
    return { kind: "again", afterSeconds: retryDelaySeconds(attempts) };
  }
}

function consumerOf(ports: ConsumePorts, message: ControlMessage, attempts: number): Promise<Consumed> {
  switch (message.kind) {
    case "change":
      return publishChange(ports, message, attempts);
    case "event":
      return announceEvent(ports, message);
    case "check-key":
      return checkKey(ports, message, attempts);
    default:
      return message satisfies never;
  }
}
