import { parseUsageMessage } from "../core/messages.ts";
import type { Ledger, Recording, UsageLedger } from "../core/ports.ts";
import type { UsageMessage } from "../core/usage.ts";
import { buryMessages, type BuryPorts } from "./bury.ts";
import type { Batch, Message } from "./consume.ts";

export type RecordPorts = BuryPorts & { readonly usageLedger: UsageLedger; readonly ledger: Ledger };

type Parsed = { readonly message: Message; readonly usage: UsageMessage };

type TenantBatch = { readonly queue: string; readonly tenantId: string; readonly parsed: readonly Parsed[] };

/**
 * Adds usage to the books, a tenant at a time, and acknowledges each message only when its statement has committed. Returns the
 * messages of tenants whose statement failed, which may be recorded later and hold up nobody else. What can never be recorded, since it
 * is no usage or the books refuse it, is buried at once: no retry mends it.
 */
export async function recordUsage(ports: RecordPorts, { queue, messages }: Batch): Promise<readonly Message[]> {
  const { good, malformed } = sorted(messages);
  await buryMessages(ports, queue, malformed);
  const tenants = [...byTenant(good)].map(([tenantId, parsed]) => recordTenant(ports, { queue, tenantId, parsed }));
  return (await Promise.all(tenants)).flat();
}

async function recordTenant(ports: RecordPorts, { queue, tenantId, parsed }: TenantBatch): Promise<readonly Message[]> {
  const waiting = new Set(parsed);
  const recorded: Parsed[] = [];
  const refused: (Parsed & { reason: string })[] = [];
  try {
    for await (const { part, recording } of recordings(ports.usageLedger, tenantId, parsed)) {
      for (const each of part) {
        waiting.delete(each);
        if (recording.kind === "recorded") recorded.push(each);
        else refused.push({ ...each, reason: recording.reason });
      }
    }
  } catch (error) {
    ports.log.error("usage-not-recorded", { error, tenantId, messages: waiting.size });
  }
  for (const { message } of recorded) message.ack();
  const buried = await buryMessages(ports, queue, refused);
  await emptyOutbox(ports, [...recorded, ...buried]);
  return [...waiting].map(({ message }) => message);
}

/**
 * One refused row fails its whole statement, so what is refused is halved until the poison stands alone: one among a hundred costs
 * some fifteen statements. An outage in between throws, and what was not yet yielded is not yet recorded.
 */
async function* recordings(
  usageLedger: UsageLedger,
  tenantId: string,
  part: readonly Parsed[],
): AsyncGenerator<{ readonly part: readonly Parsed[]; readonly recording: Recording }> {
  const recording = await record(usageLedger, tenantId, part);
  if (recording.kind === "recorded" || part.length === 1) yield { part, recording };
  else {
    const middle = Math.ceil(part.length / 2);
    yield* recordings(usageLedger, tenantId, part.slice(0, middle));
    yield* recordings(usageLedger, tenantId, part.slice(middle));
  }
}

async function record(usageLedger: UsageLedger, tenantId: string, part: readonly Parsed[]): Promise<Recording> {
  const recording = await usageLedger.addEvents(tenantId, eventsOf(part));
  if (recording.kind === "refused") return recording;
  const batches = part.flatMap(({ usage }) => (usage.kind === "hits" ? [usage.batch] : []));
  return usageLedger.addHits(tenantId, batches);
}

/** Buried events leave it too: the sweep would send them again each minute, to be buried under a new message's id. */
async function emptyOutbox({ ledger, log }: RecordPorts, done: readonly Parsed[]): Promise<void> {
  const eventIds = eventsOf(done).map(({ eventId }) => eventId);
  try {
    await ledger.forget(eventIds);
  } catch (error) {
    // What stays in the outbox is sent again by the sweep, and recorded once: the books know the id.
    log.error("outbox-not-emptied", { error, events: eventIds.length });
  }
}

function eventsOf(parsed: readonly Parsed[]) {
  return parsed.flatMap(({ usage }) => (usage.kind === "event" ? [usage.event] : []));
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
