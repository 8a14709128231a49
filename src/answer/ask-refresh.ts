import { pathOf } from "../core/canonical.ts";
import type { Stored } from "../core/entry.ts";
import type { Log, RefreshQueue, RefreshTurns, Waits } from "../core/ports.ts";
import type { Sought } from "./look-up.ts";

export type AskRefreshPorts = {
  readonly waits: Waits;
  readonly refreshTurns: RefreshTurns;
  readonly refreshQueue: RefreshQueue;
  /** How soon an isolate asks again for the refresh of the same answer, milliseconds. */
  readonly refreshAgainMs: number;
  readonly log: Log;
};

/**
 * Sends the one message that has an entry refreshed. Of all who find it past its time one does, in a while: the others are told so by the
 * isolate, or by Redis. Fails open: without a message the entry stays as it is, and who finds it next asks again.
 */
export async function askRefresh(ports: AskRefreshPorts, { key, ask }: Sought, { entry }: Stored): Promise<void> {
  const { waits, refreshTurns, refreshQueue, refreshAgainMs, log } = ports;
  // First, so that who is refused takes no turn from who is not.
  if ((await ask.beforeFetch?.()) !== undefined) return;
  if (!waits.mayAsk(`refresh ${key.identity}`, refreshAgainMs)) return;
  const { call, payer } = ask;
  try {
    if (!(await refreshTurns.take(await key.digest()))) return;
    await refreshQueue.send([
      {
        kind: "refresh",
        path: pathOf(call),
        tenantId: payer.tenantId,
        scope: payer.scope,
        seenMs: entry.fetchedAtMs,
        untilMs: entry.fetchedAtMs + entry.freshMs + entry.staleMs,
        priority: ask.priority === "warm" ? "warm" : "refresh",
      },
    ]);
  } catch (error) {
    log.error("refresh-not-asked", { error, endpoint: key.endpoint });
  }
}
