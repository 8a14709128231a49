import type { ControlQueue } from "../core/control-ports.ts";
import { parseUsageMessage } from "../core/messages.ts";
import type { Ledger } from "../core/ledger.ts";
import type { Recording, UsageLedger } from "../core/ports.ts";
import type { UsageMessage } from "../core/usage.ts";
import { buryMessages, type BuryPorts } from "./bury.ts";
import type { Batch, Message } from "./consume.ts";

export type RecordPorts = BuryPorts & {
  readonly usageLedger: UsageLedger;
  readonly ledger: Ledger;
  readonly controlQueue: ControlQueue;
  /** For how long usage is taken after it occurred, milliseconds. */
  readonly lateEventsMs: number;
  readonly clock: () => number;
};

type Parsed = { readonly message: Message; readonly usage: UsageMessage };
type Refused = Parsed & { readonly reason: string };

type TenantBatch = { readonly queue: string; readonly tenantId: string; readonly parsed: readonly Parsed[] };

/**
 * Adds usage to the books, a tenant at a time, and acknowledges each message only when its statement has committed. Returns the
 * messages of tenants whose statement failed, which may be recorded later and hold up nobody else. What can never be recorded is buried at
 * once, since no retry mends it: it is no usage, the books refuse it, or it comes so late that they may have forgotten its id, and would
 * count it a second time.
 */
export async function recordUsage(ports: RecordPorts, { queue, messages }: Batch): Promise<readonly Message[]> {
  const { good, malformed } = sorted(messages);
  await buryMessages(ports, queue, malformed);
  const tenants = [...byTenant(good)].map(([tenantId, parsed]) => recordTenant(ports, { queue, tenantId, parsed }));
  return (await Promise.all(tenants)).flat();
}

async function recordTenant(ports: RecordPorts, { queue, tenantId, parsed }: TenantBatch): Promise<readonly Message[]> {
  const oldestMs = ports.clock() - ports.lateEventsMs;
  const inTime = parsed.filter(({ usage }) => atMs(usage) >= oldestMs);
  const waiting = new Set(inTime);
  const recorded: Parsed[] = [];
  const refused: Refused[] = parsed.filter((each) => !waiting.has(each)).map(tooLate);
  const announce: string[] = [];
  try {
    for await (const { part, recording } of recordings(ports.usageLedger, tenantId, inTime)) {
      for (const each of part) waiting.delete(each);
      if (recording.kind === "refused") refused.push(...part.map((each) => ({ ...each, reason: recording.reason })));
      else {
        recorded.push(...part);
        announce.push(...recording.announce);
      }
    }
  } catch (error) {
    ports.log.error("usage-not-recorded", { error, tenantId, messages: waiting.size });
  }
  for (const { message } of recorded) message.ack();
  const buried = await buryMessages(ports, queue, refused);
  await emptyOutbox(ports, [...recorded, ...buried]);
  await tell(ports, tenantId, announce);
  return [...waiting].map(({ message }) => message);
}

function tooLate(parsed: Parsed): Refused {
  return { ...parsed, reason: "too late: the books take nothing as old as this" };
}

function atMs(usage: UsageMessage): number {
  return usage.kind === "event" ? usage.event.occurredAtMs : usage.batch.flushedAtMs;
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
  const events = await usageLedger.addEvents(tenantId, eventsOf(part));
  if (events.kind === "refused") return events;
  const batches = part.flatMap(({ usage }) => (usage.kind === "hits" ? [usage.batch] : []));
  const hits = await usageLedger.addHits(tenantId, batches);
  return hits.kind === "refused" ? hits : { ...hits, announce: [...events.announce, ...hits.announce] };
}

/** Buried events leave it too: the sweep would send them again each minute, to be buried under a new message's id. */
async function emptyOutbox({ ledger, log }: RecordPorts, done: readonly Parsed[]): Promise<void> {
  const events = eventsOf(done);
  try {
    await ledger.forget(events);
  } catch (error) {
    // What stays in the outbox is sent again by the sweep, and recorded once: the books know the id.
    log.error("outbox-not-emptied", { error, events: events.length });
  }
}

/** A message that is lost is no loss: the cron finds what was not announced. */
async function tell({ controlQueue, log }: RecordPorts, tenantId: string, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length === 0) return;
  try {
    await controlQueue.send(eventIds.map((eventId) => ({ kind: "event", tenantId, eventId })));
  } catch (error) {
    log.error("webhook-events-not-sent", { error, tenantId, events: eventIds.length });
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
