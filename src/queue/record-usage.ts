import { parseUsageMessage } from "../core/messages.ts";
import type { UsageMessage } from "../core/usage.ts";
import { buryMessages } from "./bury.ts";
import type { Batch, ConsumePorts, Message } from "./consume.ts";

type Parsed = { readonly message: Message; readonly usage: UsageMessage };

/**
 * Adds usage to the books, a tenant at a time, and acknowledges each message only when its statement has committed. A tenant whose
 * statement fails is delivered again and holds up nobody else; a message that is no usage is buried at once, for no retry mends it.
 */
export async function recordUsage(ports: ConsumePorts, { queue, messages }: Batch): Promise<void> {
  const { good, malformed } = sorted(messages);
  await buryMessages(ports, queue, malformed);
  await Promise.all([...byTenant(good)].map(([tenantId, parsed]) => recordTenant(ports, tenantId, parsed)));
}

async function recordTenant(
  { usageLedger, ledger, log }: ConsumePorts,
  tenantId: string,
  parsed: readonly Parsed[],
): Promise<void> {
  const events = parsed.flatMap(({ usage }) => (usage.kind === "event" ? [usage.event] : []));
  const batches = parsed.flatMap(({ usage }) => (usage.kind === "hits" ? [usage.batch] : []));
  try {
    if (events.length > 0) await usageLedger.addEvents(tenantId, events);
    if (batches.length > 0) await usageLedger.addHits(tenantId, batches);
  } catch (error) {
    log.error("usage-not-recorded", { error, tenantId, messages: parsed.length });
    for (const { message } of parsed) message.retry();
    return;
  }
  for (const { message } of parsed) message.ack();
  try {
    await ledger.forget(events.map(({ eventId }) => eventId));
  } catch (error) {
    // What stays in the outbox is sent again by the sweep, and recorded once: the books know the id.
    log.error("outbox-not-emptied", { error, events: events.length });
  }
}

function sorted(messages: readonly Message[]) {
  const good: Parsed[] = [];
  const malformed: { message: Message; reason: string }[] = [];
  for (const message of messages) {
    const parsed = parseUsageMessage(message.body);
    if (parsed.kind === "ok") good.push({ message, usage: parsed.message });
    else malformed.push({ message, reason: parsed.reason });
  }
  return { good, malformed };
}

function byTenant(parsed: readonly Parsed[]): ReadonlyMap<string, readonly Parsed[]> {
  return Map.groupBy(parsed, ({ usage }) => (usage.kind === "event" ? usage.event.tenantId : usage.batch.tenantId));
}
