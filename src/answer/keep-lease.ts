import type { LeaseNote, Ledger, LeftNote } from "../core/ledger.ts";
import type { Log } from "../core/ports.ts";

export type LeasePorts = {
  readonly ledger: Ledger;
  readonly pause: (ms: number) => Promise<void>;
  /** How long a lease lasts that nobody renews, milliseconds. */
  readonly leaseMs: number;
  /** How often a lease is renewed while its call is under way, milliseconds: well within the time that it lasts. */
  readonly leaseRenewMs: number;
  readonly clock: () => number;
  /** How long it is noted that an answer was stored, milliseconds: longer than lies between a request's look and its reservation. */
  readonly storedNoteMs: number;
  /** How long a failure stands in the place of the lease, so that those who wait do not repeat it one after another; 0 is not at all. */
  readonly failureNoteMs: number;
  readonly log: Log;
};

/** For so much of its time a lease is surely held after it was taken: the reply may have been under way for a while. */
const SURE_PART = 3 / 4;

type Held = { readonly lease: string; readonly requestId: string };

/**
 * Renews the lease while `work` is under way, which says what to leave in its place. When an answer was stored, who looked just before that
 * must not pay for it again; when it failed, those who wait would fail in the same way. With nothing left, who waits may fetch at once. Fails
 * open: a renewal that is lost leaves time for the next, and a lease that is not renewed ends by itself; then somebody else fetches the same
 * once more.
 */
export async function keepLease(ports: LeasePorts, held: Held, work: Promise<LeaseNote | null>): Promise<void> {
  const { ledger, pause, clock, leaseMs, leaseRenewMs, log } = ports;
  const { lease, requestId } = held;
  let left: { readonly note: LeaseNote | null } | undefined;
  let takenMs = clock();
  const over = work.then(
    (note) => void (left = { note }),
    () => void (left = { note: null }),
  );
  const heard = (command: Promise<void>, lost: string) =>
    command.catch((error: unknown) => log.error(lost, { error, requestId }));
  for (;;) {
    await Promise.race([pause(leaseRenewMs), over]);
    if (left !== undefined) break;
    const askedMs = clock();
    const renewed = ledger.renewLease(lease, requestId).then((isHeld) => void (takenMs = isHeld ? askedMs : -Infinity));
    await heard(renewed, "lease-not-renewed");
  }
  const isSurelyHeld = clock() - takenMs < leaseMs * SURE_PART;
  await heard(ledger.endLease(lease, requestId, lasting(ports, left.note, isSurelyHeld)), "lease-left-to-end");
}

function lasting(
  { storedNoteMs, failureNoteMs }: LeasePorts,
  note: LeaseNote | null,
  isSurelyHeld: boolean,
): LeftNote | null {
  const noteMs = note?.kind === "stored" ? storedNoteMs : failureNoteMs;
  return note === null || noteMs === 0 ? null : { note, noteMs, isSurelyHeld };
}
