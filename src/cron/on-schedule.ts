import { sweep, type SweepPorts } from "./sweep.ts";

/** What time brings. Every job catches up from state, so a run that was missed or doubled changes nothing. */
export const onSchedule = (ports: SweepPorts) => async (): Promise<void> => {
  await sweep(ports);
};
