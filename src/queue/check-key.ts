import { probe, type ProbePorts } from "../answer/probe.ts";
import { accountCall } from "../answer/try-key.ts";
import type { Act } from "../core/act.ts";
import type { ChangeLog, ControlMessage, ControlQueue, OwnedKey, Strikes, Vault } from "../core/control-ports.ts";
import type { Background, PlatformKeys } from "../core/ports.ts";
import type { SealedUpstreamKey } from "../core/tenant.ts";
import { retryDelaySeconds } from "./bury.ts";
import type { Consumed } from "./consume.ts";

export type CheckPorts = ProbePorts & {
  readonly vault: Vault;
  readonly strikes: Strikes;
  readonly platformKeys: PlatformKeys;
  readonly changes: ChangeLog;
  readonly controlQueue: ControlQueue;
  /** As many keys refused at once are the upstream's trouble and not the keys'. */
  readonly manyKeys: number;
  readonly newRequestId: () => string;
  readonly newEventId: () => string;
};

/**
 * Probes a key that was refused once. A second refusal is strike two: the key is invalid, its tenant goes on as it chose, and the owner is
 * told. Fails towards patience: whenever it could be the upstream's own trouble, the message comes again later. A key that is not the
 * active one any more needs no check.
 */
export async function checkKey(
  ports: CheckPorts,
  { tenantId, upstreamKeyId: id }: Extract<ControlMessage, { kind: "check-key" }>,
  attempts: number,
): Promise<Consumed> {
  const key = { tenantId, id };
  const later = { kind: "again", afterSeconds: retryDelaySeconds(attempts) } as const;
  const sealed = await activeKey(ports, key);
  if (sealed === undefined) return { kind: "done" };
  if (await areManyRefused(ports, key)) return later;
  const requestId = ports.newRequestId();
  const outcome = await probed(ports, sealed, requestId);
  if (outcome === "success") await ports.strikes.clear(key);
  if (outcome === "success") return { kind: "done" };
  if (outcome !== "account_error") return later;
  await ports.strikes.note(key);
  // Others may have been refused while this one was asked.
  if (await areManyRefused(ports, key)) return later;
  await invalidate(ports, sealed, requestId);
  return { kind: "done" };
}

async function activeKey({ vault }: CheckPorts, key: OwnedKey): Promise<SealedUpstreamKey | undefined> {
  const state = await vault.state(key.tenantId);
  return state?.activeId === key.id ? vault.sealed(key) : undefined;
}

async function areManyRefused(ports: CheckPorts, { id }: OwnedKey): Promise<boolean> {
  const { strikes, platformKeys, manyKeys, log } = ports;
  const [recent, platform] = await Promise.all([strikes.recent(), platformKeys.list()]);
  const out = platform.filter(({ state }) => state === "out").length;
  const isAllOut = out > 0 && out === platform.length;
  if (recent + out < manyKeys && !isAllOut) return false;
  log.error("key-check-postponed", { upstreamKeyId: id, recentlyRefused: recent, platformKeysOut: out });
  return true;
}

/** A message has no response to leave anything behind for: the settling is waited for. */
async function probed(ports: CheckPorts, sealed: SealedUpstreamKey, requestId: string) {
  const behind: Promise<unknown>[] = [];
  const background: Background = (promise) => void behind.push(promise);
  const result = await probe(ports, { sealed, call: accountCall(), requestId, background });
  await Promise.all(behind);
  return result.kind === "probed" ? result.outcome : undefined;
}

/** In the order of every change: the queue is told first, so that a Worker that is ended in between has told all the same. */
async function invalidate(ports: CheckPorts, sealed: SealedUpstreamKey, requestId: string): Promise<void> {
  const { vault, changes, controlQueue, newEventId, log } = ports;
  const { tenantId, id, version } = sealed;
  const change = { kind: "tenant", tenantId } as const;
  const event = { id: newEventId(), type: "upstream_key.invalid" as const, data: { upstream_key_id: id, version } };
  const act: Act = {
    actor: { kind: "system", name: "check-key" },
    action: "upstream-key.invalidate",
    subject: id,
    requestId,
    detail: { version },
    event,
  };
  await controlQueue.send([{ kind: "change", change }], 1);
  const invalidated = await vault.invalidate(act, { tenantId, id });
  await changes.publish([change]);
  if (invalidated.kind !== "done") return;
  log.error("upstream-key-invalid", { tenantId, upstreamKeyId: id, version });
  await controlQueue.send([{ kind: "event", tenantId, eventId: event.id }]);
}
