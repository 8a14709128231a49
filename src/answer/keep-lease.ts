import type { LeaseNote, Ledger } from "../core/ledger.ts";
import type { Log } from "../core/ports.ts";

export type LeasePorts = {
  readonly ledger: Ledger;
  readonly pause: (ms: number) => Promise<void>;
  /** How often a lease is renewed while its call is under way, milliseconds: well within the time that it lasts. */
  readonly leaseRenewMs: number;
  /** How long it is noted that an answer was stored, milliseconds: longer than lies between a request's look and its reservation. */
  readonly storedNoteMs: number;
  /** How long a failure stands in the place of the lease, so that those who wait do not repeat it one after another; 0 is not at all. */
  readonly failureNoteMs: number;
  readonly log: Log;
};

type Held = { readonly lease: string; readonly requestId: string };

/**
 * Renews the lease while `work` is under way, which says what to leave in its place. When an answer was stored, who looked just before that
 * must not pay for it again; when it failed, those who wait would fail in the same way. With nothing left, who waits may fetch at once. Fails
 * open: a renewal that is lost leaves time for the next, and a lease that is not renewed ends by itself; then somebody else fetches the same
 * once more.
 */
export async function keepLease(ports: LeasePorts, held: Held, work: Promise<LeaseNote | null>): Promise<void> {
  const { ledger, pause, leaseRenewMs, log } = ports;
  const { lease, requestId } = held;
  let left: { readonly note: LeaseNote | null } | undefined;
  const over = work.then(
    (note) => void (left = { note }),
    () => void (left = { note: null }),
  );
  const heard = (command: Promise<void>, lost: string) =>
    command.catch((error: unknown) => log.error(lost, { error, requestId }));
  for (;;) {
    await Promise.race([pause(leaseRenewMs), over]);
    if (left !== undefined) break;
    await heard(ledger.renewLease(lease, requestId), "lease-not-renewed");
  }
  await heard(ledger.endLease(lease, requestId, lasting(ports, left.note)), "lease-left-to-end");
}

function lasting({ storedNoteMs, failureNoteMs }: LeasePorts, note: LeaseNote | null) {
  const noteMs = note?.kind === "stored" ? storedNoteMs : failureNoteMs;
  return note === null || noteMs === 0 ? null : { note, noteMs };
}
