import type { ControlMessage } from "../core/control-ports.ts";
import { parseControlMessage, parseRefreshMessage } from "../core/messages.ts";
import { announceEvent, type AnnouncePorts } from "./announce-event.ts";
import { bury, buryMessages, deliverAgain, retryDelaySeconds, type BuryPorts } from "./bury.ts";
import { checkKey, type CheckPorts } from "./check-key.ts";
import { publishChange, type Delivered, type PublishPorts } from "./publish-change.ts";
import { recordUsage, type RecordPorts } from "./record-usage.ts";
import { consumeRefresh, type ConsumeRefreshPorts } from "./refresh.ts";

/** A queued message, as much of it as consumers use. */
export type Message = {
  readonly id: string;
  readonly body: unknown;
  /** Deliveries so far, this one among them. */
  readonly attempts: number;
  /** When it was sent. */
  readonly timestamp: Date;
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

export type ConsumePorts = RecordPorts & BuryPorts & PublishPorts & AnnouncePorts & CheckPorts & ConsumeRefreshPorts;

const CONTROL = "tikedge-control";
const REFRESH = "tikedge-refresh";

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
    const each = { [CONTROL]: controlOutcome, [REFRESH]: refreshOutcome }[batch.queue.replace(DEAD, "")];
    if (each !== undefined) {
      await Promise.all(batch.messages.map((message) => consumeOne(ports, each, { ...batch, message, isDead })));
      return;
    }
    const unrecorded = await recordUsage(ports, batch);
    if (isDead) return bury(ports, { ...batch, messages: unrecorded });
    for (const message of unrecorded) deliverAgain(message);
  };

type Delivery = { readonly queue: string; readonly isDead: boolean; readonly message: Message };

type OutcomeOf = (ports: ConsumePorts, message: Message) => Promise<Consumed>;

/** Each message by itself: they go to different places, and one that waits must hold up no other. */
async function consumeOne(ports: ConsumePorts, outcomeOf: OutcomeOf, { queue, isDead, message }: Delivery) {
  const consumed = await outcomeOf(ports, message);
  switch (consumed.kind) {
    case "done":
      return message.ack();
    case "again":
      if (isDead) return bury(ports, { queue, messages: [message] });
      return message.retry({ delaySeconds: consumed.afterSeconds });
    case "hopeless":
      return buryMessages(ports, queue, [{ message, reason: consumed.reason }]);
    default:
      return consumed satisfies never;
  }
}

async function controlOutcome(ports: ConsumePorts, message: Message): Promise<Consumed> {
  const { body, attempts } = message;
  const parsed = parseControlMessage(body);
  if (parsed.kind === "malformed") return { kind: "hopeless", reason: parsed.reason };
  return orAgain(ports, { kind: parsed.message.kind, attempts }, () => consumerOf(ports, parsed.message, message));
}

async function refreshOutcome(ports: ConsumePorts, { body, attempts }: Message): Promise<Consumed> {
  const parsed = parseRefreshMessage(body);
  if (parsed.kind === "malformed") return { kind: "hopeless", reason: parsed.reason };
  return orAgain(ports, { kind: "refresh", attempts }, () => consumeRefresh(ports, parsed.message, attempts));
}

type Tried = { readonly kind: string; readonly attempts: number };

async function orAgain({ log }: ConsumePorts, { kind, attempts }: Tried, work: () => Promise<Consumed>) {
  try {
    return await work();
  } catch (error) {
    log.error("message-failed", { error, kind });
    return { kind: "again", afterSeconds: retryDelaySeconds(attempts) } as const;
  }
}

function consumerOf(ports: ConsumePorts, message: ControlMessage, delivered: Delivered): Promise<Consumed> {
  switch (message.kind) {
    case "change":
      return publishChange(ports, message, delivered);
    case "event":
      return announceEvent(ports, message);
    case "check-key":
      return checkKey(ports, message, delivered.attempts);
    default:
      return message satisfies never;
  }
}
