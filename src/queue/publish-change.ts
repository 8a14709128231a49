import type { ChangeLog, ControlMessage } from "../core/control-ports.ts";
import { retryDelaySeconds } from "./bury.ts";
import type { Consumed } from "./consume.ts";

export type PublishPorts = { readonly changes: ChangeLog };

const FIRST_MINUTE = 30;
const HASTE_SECONDS = 2;

/** Longer than anybody waits for a statement (`DATABASE_TIMEOUT_MS`), and with the first delay still within the bound on revocation. */
const LATE_COMMIT_SECONDS = 6;

/**
 * Publishes a change again, or for the first time if the Worker that made it was ended between commit and publishing, or had no Redis. And
 * then once more: a statement that nobody waited for any longer commits after all of that, and what was read from Postgres in between would
 * be vouched for though it is old. Publishing twice is harmless: what it is about is read once more.
 */
export async function publishChange(
  { changes }: PublishPorts,
  { change }: Extract<ControlMessage, { kind: "change" }>,
  attempts: number,
): Promise<Consumed> {
  const published = await changes.publish([change]);
  if (published === "unavailable") return { kind: "again", afterSeconds: publishAgainSeconds(attempts) };
  return attempts <= 1 ? { kind: "again", afterSeconds: LATE_COMMIT_SECONDS } : { kind: "done" };
}

/** In the first minute without patience, for a revoked key may still be let in; after that an outage has to be outlasted. */
export function publishAgainSeconds(attempts: number): number {
  if (attempts <= 1) return 1;
  return attempts <= FIRST_MINUTE ? HASTE_SECONDS : retryDelaySeconds(attempts - FIRST_MINUTE + 1);
}
