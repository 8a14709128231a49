import type { Change } from "../core/changes.ts";
import type { ChangeLog, ControlQueue } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";

export type ConfirmedPorts = { readonly changes: ChangeLog; readonly controlQueue: ControlQueue; readonly log: Log };

/** Time for the commit: a message that is delivered before it tells of nothing yet. */
const HEAD_START_SECONDS = 1;

/**
 * Does `work`, which commits `change`, and makes it known everywhere. The queue is told first: a Worker that is ended between the commit
 * and the publishing has told all the same. `pending`: it is committed, and not known everywhere yet.
 */
export async function confirmed<Result>(
  { changes, controlQueue, log }: ConfirmedPorts,
  change: Change,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly pending: boolean }> {
  try {
    await controlQueue.send([{ kind: "change", change }], HEAD_START_SECONDS);
  } catch (error) {
    log.error("change-not-queued", { error });
  }
  let result: Result;
  let published: "published" | "unavailable";
  try {
    result = await work();
  } finally {
    // Also when it throws: what got no answer may have been committed.
    published = await changes.publish([change]);
  }
  return { result, pending: published === "unavailable" };
}
