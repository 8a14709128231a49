import { PLATFORM } from "../core/act.ts";
import type { Outcome } from "../core/charge.ts";
import type { ControlQueue, PlatformLog } from "../core/control-ports.ts";
import { retryAfterMs } from "../core/http-fields.ts";
import type { KeyMarks, Log, OpenedKey, PlatformKeys } from "../core/ports.ts";
import type { Dispatched } from "./dispatch.ts";
import { strikeKey, type StrikePorts } from "./strike-key.ts";

export type ReportPorts = StrikePorts & {
  readonly keyMarks: KeyMarks;
  readonly platformKeys: Pick<PlatformKeys, "takeOut">;
  /** For how long a key rests that was refused with 429 and without a time, milliseconds. */
  readonly coolDownMs: number;
  /** The longest, whatever the upstream says: its limit is by the minute. */
  readonly coolDownMostMs: number;
  readonly platformLog: PlatformLog;
  readonly controlQueue: ControlQueue;
  readonly newEventId: () => string;
  readonly clock: () => number;
  readonly log: Log;
};

type Report = {
  readonly key: OpenedKey;
  readonly isMarked: boolean;
  readonly requestId: string;
  readonly paid: Dispatched;
};

/** What only an account in order gets. */
const SERVED: ReadonlySet<Outcome> = new Set(["success", "empty", "not_found"]);

/** As much of the upstream's words as is kept. */
const REASON_LENGTH = 200;

/** The upstream itself, or what stands before it, failed: the key is not to blame, but asking on it is in vain. */
const FAILED: ReadonlySet<Outcome> = new Set(["server_error", "origin_unreachable", "timeout", "thrown"]);

/**
 * Says what a dispatch showed of its key. A tenant's own whose account was refused gets a strike; a platform key is taken out and the
 * operator told, once. One that is over the upstream's limit cools down, one on which the upstream failed is a step nearer to resting, and one
 * that serves has nothing against it any more. Fails open: without the note the next request finds out by itself.
 */
export async function reportKey(ports: ReportPorts, report: Report): Promise<void> {
  const { id, owner } = report.key;
  const { outcome } = report.paid.classified;
  try {
    if (outcome === "account_error" && owner === "tenant")
      return await strikeKey(ports, { tenantId: report.paid.event.tenantId, id });
    if (outcome === "account_error") return await takeOut(ports, report);
    if (outcome === "rate_limited") return await coolDown(ports, report);
    if (FAILED.has(outcome)) return await ports.keyMarks.noteFailure(id);
    if (report.isMarked && SERVED.has(outcome)) await ports.keyMarks.clear(id, report.paid.event.occurredAtMs);
  } catch (error) {
    ports.log.error("upstream-key-not-reported", { error, id });
  }
}

async function coolDown(ports: ReportPorts, { key, paid }: Report): Promise<void> {
  const { keyMarks, coolDownMs, coolDownMostMs, log, clock } = ports;
  const { reply } = paid;
  const stated = reply.kind === "complete" ? retryAfterMs(reply.retryAfter, clock()) : undefined;
  // None at all is what a clock that is slow says, or one that was rounded down: the next call would be refused as well.
  const ms = Math.min(stated === undefined || stated === 0 ? coolDownMs : stated, coolDownMostMs);
  log.error("upstream-key-cools-down", { id: key.id, ms });
  await keyMarks.coolDown(key.id, ms);
}

async function takeOut(ports: ReportPorts, { key, requestId, paid }: Report): Promise<void> {
  const { id } = key;
  const reason = reasonOf(paid, key.secret);
  if (!(await ports.platformKeys.takeOut(id, reason))) return;
  ports.log.error("platform-key-out", { id, reason });
  const eventId = ports.newEventId();
  await ports.platformLog.note({
    actor: { kind: "system", name: "failover" },
    action: "platform-key.take-out",
    subject: id,
    requestId,
    detail: { reason },
    event: { id: eventId, type: "platform_key.out", data: { upstream_key_id: id, reason } },
  });
  await ports.controlQueue.send([{ kind: "event", tenantId: PLATFORM, eventId }]);
}

/** The status and the upstream's own words, which tell no balance from a ban otherwise; none of them if they repeat the key. */
function reasonOf({ reply, classified }: Dispatched, secret: string): string {
  const { json } = classified;
  const said = typeof json === "object" && json !== null && "message" in json ? json.message : undefined;
  const isFit = typeof said === "string" && !said.includes(secret);
  return `${reply.status}${isFit ? `: ${said.replaceAll(/[^ -~]/g, "?").slice(0, REASON_LENGTH)}` : ""}`;
}
