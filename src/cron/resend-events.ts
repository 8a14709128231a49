import type { ControlQueue } from "../core/control-ports.ts";
import type { Log } from "../core/ports.ts";
import type { Deliveries } from "../core/webhook-ports.ts";

export type ResendPorts = { readonly deliveries: Deliveries; readonly controlQueue: ControlQueue; readonly log: Log };

/** What one run takes on; the next goes on where it ended, since everything is found from state. */
const MOST = 200;

/**
 * Sends events again whose message was lost, or never sent because its Worker ended before it could. Should the message come all the same,
 * the event has two of them, and the second finds nothing to do.
 */
export async function resendEvents({ deliveries, controlQueue, log }: ResendPorts): Promise<void> {
  try {
    const overdue = await deliveries.overdue(MOST);
    if (overdue.length === 0) return;
    await controlQueue.send(overdue.map((event) => ({ kind: "event", ...event })));
    log.info("webhook-events-sent-again", { events: overdue.length });
  } catch (error) {
    log.error("webhook-events-not-sent-again", { error });
  }
}
