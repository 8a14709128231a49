import type { ControlMessage, ControlQueue } from "../core/control-ports.ts";
import { parseUsageMessage } from "../core/messages.ts";
import type { Ledger } from "../core/ledger.ts";
import type { Usage } from "../core/usage.ts";
import { entomb, type BuryPorts } from "./bury.ts";
import type { Batch, Message } from "./consume.ts";
import { eventsOf, recordTenant, type TenantPorts } from "./record-tenant.ts";

export type RecordPorts = BuryPorts &
  TenantPorts & {
    readonly ledger: Ledger;
    readonly controlQueue: ControlQueue;
  };

/** One thing that a message brought. */
type Part = {
  readonly message: Message;
  /** Names it when it is buried: the same however often the message is delivered. */
  readonly id: string;
  readonly body: unknown;
};
type Parsed = Part & { readonly usage: Usage };
type Hopeless = { readonly part: Part; readonly reason: string };

/**
 * Adds usage to the books, a tenant at a time, and acknowledges each message only when all that it brought has been committed or buried.
 * Returns the messages of which something is left, since a tenant's statement failed: they are delivered again, and what is in the books by
 * then changes nothing. What can never be recorded is buried at once and by itself, since no retry mends it: it is no usage, the books
 * refuse it, or it comes so late that they may have forgotten its id, and would count it a second time.
 */
export async function recordUsage(ports: RecordPorts, { queue, messages }: Batch): Promise<readonly Message[]> {
  const { good, malformed } = sorted(messages);
  const tenants = await Promise.all(
    [...byTenant(good)].map(([tenantId, parts]) => recordTenant(ports, tenantId, parts)),
  );
  const recorded = tenants.flatMap((tenant) => tenant.recorded);
  const refused = tenants.flatMap((tenant) => tenant.refused);
  const isBuried = await buryParts(ports, queue, [...malformed, ...refused]);
  const buried = isBuried ? refused.map(({ part }) => part) : [];
  await emptyOutbox(ports, [...recorded, ...buried]);
  await tell(
    ports,
    tenants.flatMap(({ announce }) => announce),
  );
  const done = new Set([...recorded, ...buried]);
  const left = [...good.filter((part) => !done.has(part)), ...(isBuried ? [] : malformed.map(({ part }) => part))];
  return acknowledge(messages, left);
}

/** Returns the messages of the parts that are left. */
function acknowledge(messages: readonly Message[], left: readonly Part[]): readonly Message[] {
  const unfinished = new Set(left.map(({ message }) => message));
  for (const message of messages) if (!unfinished.has(message)) message.ack();
  return [...unfinished];
}

function buryParts(ports: RecordPorts, queue: string, hopeless: readonly Hopeless[]): Promise<boolean> {
  const dead = hopeless.map(({ part: { id, body }, reason }) => ({ id, queue, reason, body }));
  return entomb(ports, dead);
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
async function tell({ controlQueue, log }: RecordPorts, events: readonly ControlMessage[]): Promise<void> {
  if (events.length === 0) return;
  try {
    await controlQueue.send(events);
  } catch (error) {
    log.error("webhook-events-not-sent", { error, events: events.length });
  }
}

function sorted(messages: readonly Message[]) {
  const good: Parsed[] = [];
  const malformed: Hopeless[] = [];
  for (const message of messages) {
    const parts = parseUsageMessage(message.body);
    for (const [at, { body, parsed }] of parts.entries()) {
      const part = { message, id: parts.length === 1 ? message.id : `${message.id}/${at}`, body };
      if (parsed.kind === "ok") good.push({ ...part, usage: parsed.message });
      else malformed.push({ part, reason: parsed.reason });
    }
  }
  return { good, malformed };
}

function byTenant(parsed: readonly Parsed[]): ReadonlyMap<string, readonly Parsed[]> {
  return Map.groupBy(parsed, ({ usage }) => (usage.kind === "event" ? usage.event.tenantId : usage.batch.tenantId));
}
