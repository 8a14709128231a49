import { PLATFORM, type Act } from "../core/act.ts";
import { balanceOf, isLow } from "../core/balance.ts";
import type { ControlQueue } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";
import type { KeyReadings } from "../core/statement-ports.ts";
import type { BalanceView } from "../core/statement-resources.ts";

export type WatchBalancesPorts = {
  readonly keyReadings: KeyReadings;
  readonly platformKeyIds: () => Promise<readonly string[]>;
  readonly controlQueue: ControlQueue;
  /** Below so many credits a balance is low. */
  readonly balanceAlertCredits: number;
  /** How long to rest between two looks, milliseconds: each sums what a day brought. */
  readonly balanceWatchMs: number;
  readonly clock: () => number;
  readonly newRequestId: () => string;
  readonly log: Log;
};

/**
 * Tells the operator of platform keys that are nearly out of credits, before they are. A key that was never read is not watched. Resolves
 * to how long it need not look again.
 */
export async function watchBalances(ports: WatchBalancesPorts): Promise<number> {
  const { balanceWatchMs, platformKeyIds, log } = ports;
  for (const id of await platformKeyIds()) {
    try {
      await watch(ports, id);
    } catch (error) {
      log.error("balance-not-watched", { error, upstreamKeyId: id });
    }
  }
  return balanceWatchMs;
}

async function watch(ports: WatchBalancesPorts, upstreamKeyId: string): Promise<void> {
  const { keyReadings, balanceAlertCredits, controlQueue, clock, log } = ports;
  const spending = await keyReadings.spending(upstreamKeyId, clock());
  const balance = balanceOf(upstreamKeyId, spending, clock());
  if (spending === undefined || !isLow(balance, balanceAlertCredits, clock())) return;
  const eventId = spending.reading.id;
  const noted = await keyReadings.noteLow(lowBalance(balance, { eventId, requestId: ports.newRequestId() }));
  if (noted.kind !== "done") return;
  log.error("platform-key-balance-low", {
    upstreamKeyId,
    leastBalance: balance.least_balance,
    goneAt: balance.gone_at,
  });
  await controlQueue.send([{ kind: "event", tenantId: PLATFORM, eventId }]);
}

/** The event has the id of the reading, of which the operator is told once: a second event under it is refused. */
function lowBalance(
  { upstream_key_id, estimated_balance, least_balance, gone_at }: BalanceView,
  { eventId, requestId }: { readonly eventId: string; readonly requestId: string },
): Act {
  const data = { upstream_key_id, estimated_balance, least_balance, gone_at };
  return {
    actor: { kind: "system", name: "balance-watch" },
    action: "platform-key.balance-low",
    subject: upstream_key_id,
    requestId,
    detail: data,
    event: { id: eventId, type: "platform_key.balance_low", data },
  };
}
