import type { Failure, Ledger } from "../core/ledger.ts";
import type { Log } from "../core/ports.ts";

export type LeasePorts = {
  readonly ledger: Ledger;
  readonly pause: (ms: number) => Promise<void>;
  /** How often a lease is renewed while its call is under way, milliseconds: well within the time that it lasts. */
  readonly leaseRenewMs: number;
  /** How long a lease goes on when the answer is stored, milliseconds: longer than lies between the look of who waits and its reservation. */
  readonly leaseRestMs: number;
  /** How long a failure stands in the place of the lease, so that those who wait do not repeat it one after another; 0 is not at all. */
  readonly failureNoteMs: number;
  readonly log: Log;
};

/** How the work under a lease ended: `stored` for all to read, `failed` in a way that others would repeat, or with `nothing` for others. */
export type Ending =
  | { readonly kind: "stored" }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "nothing" };

type Held = { readonly lease: string; readonly requestId: string };

/**
 * Renews the lease while `work` is under way. When an answer was stored the lease goes on for a moment: who looked just before that must not
 * reserve just after, but look again. When it failed, those who wait are told how. Else who waits may fetch at once. Fails open: a renewal
 * that is lost leaves time for the next, and a lease that is not renewed ends by itself; then somebody else fetches the same once more.
 */
export async function keepLease(ports: LeasePorts, held: Held, work: Promise<Ending>): Promise<void> {
  const { ledger, pause, leaseRenewMs, log } = ports;
  const { lease, requestId } = held;
  let ending: Ending | undefined;
  const over = work.then(
    (ended) => void (ending = ended),
    () => void (ending = { kind: "nothing" }),
  );
  const heard = (command: Promise<void>, lost: string) =>
    command.catch((error: unknown) => log.error(lost, { error, requestId }));
  for (;;) {
    await Promise.race([pause(leaseRenewMs), over]);
    if (ending !== undefined) break;
    await heard(ledger.renewLease(lease, requestId), "lease-not-renewed");
  }
  await heard(endLease(ports, held, ending), "lease-left-to-end");
}

function endLease({ ledger, leaseRestMs, failureNoteMs }: LeasePorts, { lease, requestId }: Held, ending: Ending) {
  if (ending.kind === "failed" && failureNoteMs > 0)
    return ledger.failLease(lease, requestId, { ...ending.failure, noteMs: failureNoteMs });
  return ledger.endLease(lease, requestId, ending.kind === "stored" ? leaseRestMs : 0);
}
