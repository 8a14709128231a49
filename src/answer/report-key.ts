import { PLATFORM } from "../core/act.ts";
import type { Outcome } from "../core/charge.ts";
import type { ControlQueue, PlatformLog } from "../core/control-ports.ts";
import type { Log, OpenedKey, PlatformKeys } from "../core/ports.ts";
import type { Dispatched } from "./dispatch.ts";
import { strikeKey, type StrikePorts } from "./strike-key.ts";

export type ReportPorts = StrikePorts & {
  readonly platformKeys: PlatformKeys;
  readonly platformLog: PlatformLog;
  readonly controlQueue: ControlQueue;
  readonly newEventId: () => string;
  readonly log: Log;
};

type Report = {
  readonly key: OpenedKey;
  readonly wasOut: boolean;
  readonly requestId: string;
  readonly paid: Dispatched;
};

/** What only an account in order gets. */
const SERVED: ReadonlySet<Outcome> = new Set(["success", "empty", "not_found"]);

/** As much of the upstream's words as is kept. */
const REASON_LENGTH = 200;

/**
 * Says what a dispatch showed of its key. A tenant's own that was refused gets a strike. A platform key whose account was refused is
 * taken out and the operator told, once; one that was out and served is back. Fails open: without the note the next request finds out by
 * itself, and a refusal costs nothing.
 */
export async function reportKey(ports: ReportPorts, report: Report): Promise<void> {
  const { id, cap } = report.key;
  const { outcome } = report.paid.classified;
  if (cap === null) {
    if (outcome === "account_error") await strikeKey(ports, { tenantId: report.paid.event.tenantId, id });
    return;
  }
  try {
    if (outcome === "account_error") await takeOut(ports, report);
    else if (report.wasOut && SERVED.has(outcome)) await ports.platformKeys.restore(id);
  } catch (error) {
    ports.log.error("platform-key-not-reported", { error, id });
  }
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
