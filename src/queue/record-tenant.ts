import type { ControlMessage } from "../core/control-ports.ts";
import type { Log, Recording, UsageLedger } from "../core/ports.ts";
import type { Usage } from "../core/usage.ts";

export type TenantPorts = {
  readonly usageLedger: UsageLedger;
  /** For how long usage is taken after it occurred, milliseconds. */
  readonly lateEventsMs: number;
  readonly clock: () => number;
  readonly log: Log;
};

type WithUsage = { readonly usage: Usage };

/** What became of a tenant's usage. What is in neither list could not be recorded now, and may be later. */
export type TenantOutcome<Part> = {
  readonly recorded: readonly Part[];
  /** What can never be recorded. */
  readonly refused: readonly { readonly part: Part; readonly reason: string }[];
  /** What webhooks are to hear of. */
  readonly announce: readonly ControlMessage[];
};

/**
 * Adds one tenant's usage to the books, in one statement if nothing is wrong with it. Fails by leaving out what was not recorded, and holds up
 * nobody else.
 */
export async function recordTenant<Part extends WithUsage>(
  { usageLedger, lateEventsMs, clock, log }: TenantPorts,
  tenantId: string,
  parts: readonly Part[],
): Promise<TenantOutcome<Part>> {
  const { inTime = [], late = [] } = Object.groupBy(parts, ({ usage }) =>
    atMs(usage) >= clock() - lateEventsMs ? "inTime" : "late",
  );
  const recorded: Part[] = [];
  const refused = late.map((part) => ({ part, reason: "too late: the books take nothing as old as this" }));
  const announce: ControlMessage[] = [];
  try {
    for await (const { some, recording } of recordings(usageLedger, tenantId, inTime)) {
      if (recording.kind === "refused") refused.push(...some.map((part) => ({ part, reason: recording.reason })));
      else {
        recorded.push(...some);
        announce.push(...recording.announce.map((eventId) => ({ kind: "event", tenantId, eventId }) as const));
      }
    }
  } catch (error) {
    log.error("usage-not-recorded", { error, tenantId, left: parts.length - recorded.length - refused.length });
  }
  return { recorded, refused, announce };
}

function atMs(usage: Usage): number {
  return usage.kind === "event" ? usage.event.occurredAtMs : usage.batch.flushedAtMs;
}

/**
 * One refused row fails its whole statement, so what is refused is halved until the poison stands alone: one among a hundred costs
 * some fifteen statements. An outage in between throws, and what was not yet yielded is not yet recorded.
 */
async function* recordings<Part extends WithUsage>(
  usageLedger: UsageLedger,
  tenantId: string,
  some: readonly Part[],
): AsyncGenerator<{ readonly some: readonly Part[]; readonly recording: Recording }> {
  const recording = await record(usageLedger, tenantId, some);
  if (recording.kind === "recorded" || some.length === 1) yield { some, recording };
  else {
    const middle = Math.ceil(some.length / 2);
    yield* recordings(usageLedger, tenantId, some.slice(0, middle));
    yield* recordings(usageLedger, tenantId, some.slice(middle));
  }
}

async function record(usageLedger: UsageLedger, tenantId: string, some: readonly WithUsage[]): Promise<Recording> {
  const events = await usageLedger.addEvents(tenantId, eventsOf(some));
  if (events.kind === "refused") return events;
  const batches = some.flatMap(({ usage }) => (usage.kind === "hits" ? [usage.batch] : []));
  const hits = await usageLedger.addHits(tenantId, batches);
  return hits.kind === "refused" ? hits : { ...hits, announce: [...events.announce, ...hits.announce] };
}

export function eventsOf(parts: readonly WithUsage[]) {
  return parts.flatMap(({ usage }) => (usage.kind === "event" ? [usage.event] : []));
}
