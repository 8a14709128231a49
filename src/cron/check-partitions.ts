import { PLATFORM, type Act } from "../core/act.ts";
import { sha256 } from "../core/bytes.ts";
import type { ControlQueue, PlatformLog } from "../core/control-ports.ts";
import { utcDay } from "../core/key-rights.ts";
import type { Log } from "../core/ports.ts";
import type { PartitionGaps, Partitions } from "../core/upkeep-ports.ts";
import { uuid7 } from "../core/uuid7.ts";

export type PartitionPorts = {
  readonly partitions: Partitions;
  readonly platformLog: PlatformLog;
  readonly controlQueue: ControlQueue;
  readonly newRequestId: () => string;
  readonly clock: () => number;
  readonly log: Log;
};

const HOUR_MS = 3_600_000;

/**
 * Looks whether there are partitions for this month and the next three, and whether events wait for one that there is not; tells the
 * operator, once a day. Making them takes the owner: the Worker owns nothing. Until then no event is lost, it waits in the default one.
 */
export async function checkPartitions(ports: PartitionPorts): Promise<number> {
  const gaps = await ports.partitions.gaps();
  if (gaps.missing.length > 0 || gaps.inDefault > 0) await report(ports, gaps);
  return HOUR_MS;
}

async function report(ports: PartitionPorts, { missing, inDefault }: PartitionGaps): Promise<void> {
  ports.log.error("ledger-partitions", { missing, inDefault });
  const eventId = await idOfDay(ports.clock());
  const noted = await ports.platformLog.note(partitionsAct(eventId, ports.newRequestId(), { missing, inDefault }));
  if (noted.kind === "done") await ports.controlQueue.send([{ kind: "event", tenantId: PLATFORM, eventId }]);
}

function partitionsAct(eventId: string, requestId: string, { missing, inDefault }: PartitionGaps): Act {
  const data = { missing, in_default: inDefault };
  return {
    actor: { kind: "system", name: "check-partitions" },
    action: "ledger.report-partitions",
    subject: "usage_events",
    requestId,
    detail: data,
    event: { id: eventId, type: "ledger.partitions", data },
  };
}

/** The same for all runs of a UTC day: an event under an id that there is already is not noted. */
async function idOfDay(nowMs: number): Promise<string> {
  const day = utcDay(nowMs);
  const digest = await sha256(`ledger.partitions ${day}`);
  return uuid7(Date.parse(day), digest.subarray(0, 10));
}
