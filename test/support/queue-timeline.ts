import type { TenantStatus } from "../../src/core/ledger.ts";
import type { Change } from "../../src/core/changes.ts";
import type { ControlMessage } from "../../src/core/control-ports.ts";
import type { AnnouncePorts } from "../../src/queue/announce-event.ts";
import type { CheckPorts } from "../../src/queue/check-key.ts";
import type { ConsumeRefreshPorts } from "../../src/queue/refresh.ts";
import { consume, type Message } from "../../src/queue/consume.ts";
import type { UsageEvent, UsageMessage } from "../../src/core/usage.ts";
import { memoryGraveyard } from "./memory-graveyard.ts";
import { memoryLedger } from "./memory-ledger.ts";
import { memoryUsageLedger } from "./memory-usage-ledger.ts";
import { emptyBooks, sampleOrder } from "./sample-order.ts";
import { sampleEvent } from "./sample-usage.ts";

const TENANT = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

type Part = "books" | "graveyard" | "ledger" | "changes" | "control";

export const LATE_EVENTS_MS = 35 * 86_400_000;

type Waiting = {
  readonly id: string;
  readonly body: unknown;
  readonly sentAtMs: number;
  attempts: number;
  dueAtMs: number;
};

/**
 * The consumers over doubles, fed by a queue that keeps what is given back until its delay is over, by a simulated clock. What was
 * decided about each message is in `story`, in order; `statements` counts how often the books were asked to add something.
 */
export function queueTimeline(queue = "tikedge-usage") {
  let nowMs = Date.UTC(2026, 10, 20);
  let statements = 0;
  let lastStatement = Infinity;
  let forgettings = 0;
  let failing = "";
  const down = new Set<Part>();
  const story: string[] = [];
  const logged: string[] = [];
  const published: Change[] = [];
  const standings: { tenantId: string; status: TenantStatus }[] = [];
  const told: ControlMessage[] = [];
  const announced: string[] = [];
  const waiting: Waiting[] = [];
  const books = memoryUsageLedger();
  const graveyard = memoryGraveyard();
  const ledger = memoryLedger(() => nowMs);
  const through = <T>(part: Part, work: () => Promise<T>): Promise<T> =>
    down.has(part) ? Promise.reject(new Error(`${part} down`)) : work();
  const counted = <T>(things: readonly unknown[], work: () => Promise<T>): Promise<T> => {
    if (things.length > 0) statements += 1;
    if (statements > lastStatement) down.add("books");
    return through("books", work);
  };
  const run = consume({
    // Webhooks, the vault and refreshes have timelines of their own.
    ...({} as AnnouncePorts & CheckPorts & ConsumeRefreshPorts),
    counters: { ...ledger, setStatus: async (tenantId, status) => void standings.push({ tenantId, status }) },
    spendingBooks: {
      all: async () => [],
      of: (tenantId) => through("books", async () => ({ ...emptyBooks(tenantId), status: "suspended" as const })),
    },
    changes: {
      publish: async (changes) => {
        if (down.has("changes")) return "unavailable";
        published.push(...changes);
        return "published";
      },
    },
    usageLedger: {
      addEvents: async (tenantId, events) => {
        if (tenantId === failing) throw new Error("this tenant's rows are locked");
        const recording = await counted(events, () => books.addEvents(tenantId, events));
        return recording.kind === "recorded" ? { ...recording, announce: announced.splice(0) } : recording;
      },
      addHits: (tenantId, batches) => counted(batches, () => books.addHits(tenantId, batches)),
    },
    graveyard: { bury: (messages) => through("graveyard", () => graveyard.bury(messages)) },
    ledger: {
      ...ledger,
      forget: (events) => {
        forgettings += 1;
        return through("ledger", () => ledger.forget(events));
      },
    },
    controlQueue: { send: (messages) => through("control", async () => void told.push(...messages)) },
    lateEventsMs: LATE_EVENTS_MS,
    clock: () => nowMs,
    log: { info: () => undefined, error: (event) => void logged.push(event) },
  });
  const messageOf = (one: Waiting): Message => ({
    id: one.id,
    body: one.body,
    attempts: (one.attempts += 1),
    timestamp: new Date(one.sentAtMs),
    ack: () => void story.push(`${one.id} done`),
    retry: ({ delaySeconds }) => {
      story.push(`${one.id} again in ${delaySeconds} s`);
      waiting.push({ ...one, dueAtMs: nowMs + delaySeconds * 1_000 });
    },
  });
  return {
    story,
    logged,
    published,
    /** What the ledger was told of tenants. */
    standings,
    told,
    /** The next events that are added make these for webhooks. */
    reaches: (...eventIds: readonly string[]) => void announced.push(...eventIds),
    waiting,
    books,
    buried: graveyard.buried,
    ledger,
    statements: () => statements,
    /** How often something was taken out of the outbox. */
    forgettings: () => forgettings,
    /** Statements fail for this tenant and no other. */
    failsFor: (tenantId: string) => void (failing = tenantId),
    breaks: (...parts: readonly Part[]) => parts.forEach((part) => down.add(part)),
    /** The books answer so many statements more. */
    booksBreakAfter: (more: number) => void (lastStatement = statements + more),
    mends: () => {
      lastStatement = Infinity;
      down.clear();
    },
    /** An event that went the whole way to the outbox. */
    settled: async (endpoint: string): Promise<UsageEvent> => {
      const order = {
        tenantId: TENANT,
        endpoint,
        requestId: "request",
      };
      const reservation = await ledger.reserve(sampleOrder(order));
      if (reservation.kind !== "reserved") throw new Error("nothing was reserved");
      const event = sampleEvent(TENANT, { endpoint, occurredAtMs: reservation.occurredAtMs });
      const settled = { ...event, eventId: reservation.eventId };
      await ledger.settle(settled, 1);
      return settled;
    },
    advance: (ms: number) => void (nowMs += ms),
    send: (id: string, body: UsageMessage | { readonly kind: string }, attempts = 0) =>
      void waiting.push({ id, body, attempts, sentAtMs: nowMs, dueAtMs: nowMs }),
    /** Delivers in one batch what is due. */
    deliver: async () => {
      const due = waiting.filter(({ dueAtMs }) => dueAtMs <= nowMs);
      for (const one of due) waiting.splice(waiting.indexOf(one), 1);
      await run({ queue, messages: due.map(messageOf) });
    },
  };
}
