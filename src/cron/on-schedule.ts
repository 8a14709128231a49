import { resendEvents, type ResendPorts } from "./resend-events.ts";
import { sweep, type SweepPorts } from "./sweep.ts";

/** What time brings. Every job catches up from state, so a run that was missed or doubled changes nothing. */
export const onSchedule = (ports: SweepPorts & ResendPorts) => async (): Promise<void> => {
  await Promise.all([sweep(ports), resendEvents(ports)]);
};
