import type { Ledger } from "../core/ledger.ts";
import type { Log } from "../core/ports.ts";

export type LeasePorts = {
  readonly ledger: Ledger;
  readonly pause: (ms: number) => Promise<void>;
  /** How often a lease is renewed while its call is under way, milliseconds: well within the time that it lasts. */
  readonly leaseRenewMs: number;
  readonly log: Log;
};

type Held = { readonly lease: string; readonly requestId: string };

/**
 * Renews the lease while `work` is under way, and gives it up when the answer is stored: whoever waited finds it then, or may fetch. Fails
 * open: a lease that is not renewed ends by itself, and then somebody else fetches the same once more.
 */
export async function keepLease(ports: LeasePorts, { lease, requestId }: Held, work: Promise<unknown>): Promise<void> {
  const { ledger, pause, leaseRenewMs, log } = ports;
  let isOver = false;
  const over = work.then(
    () => void (isOver = true),
    () => void (isOver = true),
  );
  try {
    for (;;) {
      await Promise.race([pause(leaseRenewMs), over]);
      if (isOver) break;
      await ledger.renewLease(lease, requestId);
    }
    await ledger.endLease(lease, requestId);
  } catch (error) {
    log.error("lease-left-to-end", { error, requestId });
  }
}
