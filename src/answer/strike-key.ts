import type { ControlQueue, OwnedKey, Strikes } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";

export type StrikePorts = {
  readonly strikes: Strikes;
  readonly controlQueue: ControlQueue;
  /** How long after its first refusal a key is probed, milliseconds: an outage that ends sooner is forgotten. */
  readonly checkKeyMs: number;
  readonly log: Log;
};

/**
 * Strike one: the upstream refused a tenant's own key. Nothing is decided here, for one refusal may be the upstream's mistake; a message
 * is sent that has the key probed. Fails open: what is not noted is noted at the next refusal.
 */
export async function strikeKey(ports: StrikePorts, key: OwnedKey): Promise<void> {
  const { strikes, controlQueue, checkKeyMs, log } = ports;
  try {
    if ((await strikes.note(key)) === "known") return;
    try {
      await controlQueue.send(
        [{ kind: "check-key", tenantId: key.tenantId, upstreamKeyId: key.id }],
        Math.ceil(checkKeyMs / 1_000),
      );
    } catch (error) {
      // Left standing, the strike would keep every later refusal from sending the message that was lost.
      await strikes.clear(key);
      throw error;
    }
  } catch (error) {
    log.error("strike-not-noted", { error, upstreamKeyId: key.id });
  }
}
