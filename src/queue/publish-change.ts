import type { ChangeLog, ControlMessage } from "../core/control-ports.ts";
import { retryDelaySeconds } from "./bury.ts";
import type { Consumed } from "./consume.ts";

export type PublishPorts = { readonly changes: ChangeLog };

const FIRST_MINUTE = 30;
const HASTE_SECONDS = 2;

/**
 * Publishes a change again, or for the first time if the Worker that made it was ended between commit and publishing, or had no Redis.
 * Publishing twice is harmless: what it is about is read once more.
 */
export async function publishChange(
  { changes }: PublishPorts,
  { change }: Extract<ControlMessage, { kind: "change" }>,
  attempts: number,
): Promise<Consumed> {
  const published = await changes.publish([change]);
  return published === "published" ? { kind: "done" } : { kind: "again", afterSeconds: publishAgainSeconds(attempts) };
}

/** In the first minute without patience, for a revoked key may still be let in; after that an outage has to be outlasted. */
export function publishAgainSeconds(attempts: number): number {
  if (attempts <= 1) return 1;
  return attempts <= FIRST_MINUTE ? HASTE_SECONDS : retryDelaySeconds(attempts - FIRST_MINUTE + 1);
}
