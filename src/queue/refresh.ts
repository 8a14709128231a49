import type { Ask } from "../answer/answer.ts";
import { payerOf, type PoolSettings } from "../answer/payer.ts";
import { refresh, type RefreshPorts } from "../answer/refresh.ts";
import { callOf } from "../core/parameters.ts";
import { NO_DEMAND } from "../core/directives.ts";
import { isTrialOver } from "../core/key-rights.ts";
import type { Background, RefreshMessage, WaitBudget } from "../core/ports.ts";
import type { Tenant } from "../core/tenant.ts";
import type { TenantDirectory } from "../core/tenant-directory.ts";
import { retryDelaySeconds } from "./bury.ts";
import type { Consumed } from "./consume.ts";

export type ConsumeRefreshPorts = RefreshPorts &
  PoolSettings & {
    readonly tenantDirectory: TenantDirectory;
    /** Pays for what nobody has asked for yet in a pool. */
    readonly publicTenantId: string | undefined;
    readonly newRequestId: () => string;
    readonly newWaitBudget: () => WaitBudget;
  };

const DONE: Consumed = { kind: "done" };

/**
 * Refreshes one answer, for whoever found it past its time. What the step needs is read anew: who pays may have been suspended, or moved to
 * a scope of its own, since the message was sent, and then nothing is fetched. Fails towards the old answer: a message that comes too late is
 * dropped, and whoever finds the entry next sends another.
 */
export async function consumeRefresh(
  ports: ConsumeRefreshPorts,
  message: RefreshMessage,
  attempts: number,
): Promise<Consumed> {
  const { tenantDirectory, clock } = ports;
  if (clock() >= message.untilMs) return DONE;
  const call = callOf(message.path);
  if (call === undefined) return { kind: "hopeless", reason: "path: is no call of this version" };
  const looked = await tenantDirectory.find(message.tenantId);
  if (looked.kind === "unavailable") return again(attempts);
  const payer = looked.kind === "found" ? payerFor(ports, looked.tenant, message) : undefined;
  if (payer === undefined) return DONE;
  // A message has no response to leave anything behind for: settling and storing are waited for.
  const behind: Promise<unknown>[] = [];
  const background: Background = (promise) => void behind.push(promise);
  const { priority } = message;
  const order = {
    call,
    payer,
    priority,
    demand: NO_DEMAND,
    requestId: ports.newRequestId(),
    wait: ports.newWaitBudget(),
  };
  const refreshed = await refresh(ports, { ...order, background }, message.seenMs);
  await Promise.allSettled(behind);
  return refreshed.kind === "unavailable" ? again(attempts) : DONE;
}

/** Nobody, when the tenant may not ask any more, or reads other answers by now. The public tenant pays for any pool. */
function payerFor(ports: ConsumeRefreshPorts, tenant: Tenant, { scope }: RefreshMessage): Ask["payer"] | undefined {
  if (tenant.status === "suspended" || isTrialOver(tenant, ports.clock())) return undefined;
  const payer = payerOf(tenant, ports.platformDownloadTier);
  if (payer.scope === scope) return payer;
  return tenant.id === ports.publicTenantId && scope.startsWith("pool:") ? { ...payer, scope } : undefined;
}

function again(attempts: number): Consumed {
  return { kind: "again", afterSeconds: retryDelaySeconds(attempts) };
}
