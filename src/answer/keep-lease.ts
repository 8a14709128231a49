import type { Ledger } from "../core/ledger.ts";
import type { Log } from "../core/ports.ts";

export type LeasePorts = {
  readonly ledger: Ledger;
  readonly pause: (ms: number) => Promise<void>;
  /** How often a lease is renewed while its call is under way, milliseconds: well within the time that it lasts. */
  readonly leaseRenewMs: number;
  /** How long a lease goes on when the answer is stored, milliseconds: longer than lies between the look of who waits and its reservation. */
  readonly leaseRestMs: number;
  readonly log: Log;
};

type Held = { readonly lease: string; readonly requestId: string };

/**
 * Renews the lease while `work` is under way, which says whether an answer was stored. If so, the lease goes on for a moment: who looked just
 * before that must not reserve just after, but look again. If not, who waits may fetch at once. Fails open: a renewal that is lost leaves time
 * for the next, and a lease that is not renewed ends by itself; then somebody else fetches the same once more.
 */
export async function keepLease(ports: LeasePorts, { lease, requestId }: Held, work: Promise<boolean>): Promise<void> {
  const { ledger, pause, leaseRenewMs, leaseRestMs, log } = ports;
  let restMs: number | undefined;
  const over = work.then(
    (isStored) => void (restMs = isStored ? leaseRestMs : 0),
    () => void (restMs = 0),
  );
  const heard = (command: Promise<void>, lost: string) =>
    command.catch((error: unknown) => log.error(lost, { error, requestId }));
  for (;;) {
    await Promise.race([pause(leaseRenewMs), over]);
    if (restMs !== undefined) break;
    await heard(ledger.renewLease(lease, requestId), "lease-not-renewed");
  }
  await heard(ledger.endLease(lease, requestId, restMs), "lease-left-to-end");
}
