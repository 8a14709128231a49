import { PLATFORM } from "../core/act.ts";
import type { ControlQueue, PlatformLog } from "../core/control-ports.ts";
import type { Counters, Drift, SpendingBooks } from "../core/ledger.ts";
import type { Log } from "../core/ports.ts";

export type ReconcilePorts = {
  readonly spendingBooks: SpendingBooks;
  readonly counters: Counters;
  readonly platformLog: PlatformLog;
  readonly controlQueue: ControlQueue;
  readonly newEventId: () => string;
  readonly newRequestId: () => string;
  /** How long it rests after it went through all tenants, milliseconds. */
  readonly reconcileMs: number;
  readonly log: Log;
};

/** Tenants whose counters are held against the books in one go. */
const AT_ONCE = 500;

/** Of the drifts of one run, those that the operator is sent an event of: what more there are have the same cause, and are in the log. */
const MOST_TOLD = 20;

/**
 * Holds the ledger's counters against the books and raises those that say less, for what was spent must count against the quota. Never
 * lowers one: what is reserved, or on its way to the books, they do not know. A counter can only say less when Redis lost something.
 */
export async function reconcile(ports: ReconcilePorts): Promise<number> {
  const { spendingBooks, counters, log, reconcileMs } = ports;
  let after: string | null = null;
  let told = 0;
  for (;;) {
    const booked = await spendingBooks.all(after, AT_ONCE);
    const drifts = booked.length === 0 ? [] : await counters.raise(booked);
    for (const drift of drifts) log.error("ledger-drift", drift);
    for (const drift of drifts.slice(0, MOST_TOLD - told)) await tell(ports, drift);
    told += Math.min(drifts.length, MOST_TOLD - told);
    after = booked.at(-1)?.tenantId ?? null;
    if (booked.length < AT_ONCE || after === null) return reconcileMs;
  }
}

/** The counter is raised already, so nothing finds this drift again: what fails here is left to the log. */
async function tell(ports: ReconcilePorts, { tenantId, window, counted, booked }: Drift): Promise<void> {
  const eventId = ports.newEventId();
  const data = { tenant_id: tenantId, window, counted, booked };
  try {
    await ports.platformLog.note({
      actor: { kind: "system", name: "reconcile" },
      action: "ledger.raise",
      subject: tenantId,
      requestId: ports.newRequestId(),
      detail: data,
      event: { id: eventId, type: "ledger.drift", data },
    });
    await ports.controlQueue.send([{ kind: "event", tenantId: PLATFORM, eventId }]);
  } catch (error) {
    ports.log.error("ledger-drift-not-told", { error, tenantId, window });
  }
}
