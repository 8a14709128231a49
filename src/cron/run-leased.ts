import type { Log } from "../core/ports.ts";
import type { Leases } from "../core/upkeep-ports.ts";

export type LeasePorts = { readonly leases: Leases; readonly newRequestId: () => string; readonly log: Log };

export type Job<Ports> = {
  readonly name: string;
  /** Resolves to how long it need not run again, milliseconds; to nothing when the next minute is as good. */
  readonly run: (ports: Ports) => Promise<number | void>;
};

/**
 * Runs a job unless another run has it, or it rests. The lease saves work and guards nothing: jobs catch up from state and may overlap, so
 * without an answer from Redis the job runs all the same, and what it needs of Redis it finds out by itself. A job that fails is logged by
 * its name, ends no other, and does not rest.
 */
export async function runLeased<Ports extends LeasePorts>(ports: Ports, { name, run }: Job<Ports>): Promise<void> {
  const holder = ports.newRequestId();
  if (!(await take(ports, name, holder))) return;
  const restMs = await attempt(ports, { name, run });
  await giveBack(ports, name, { holder, restMs });
}

async function take({ leases, log }: LeasePorts, job: string, holder: string): Promise<boolean> {
  try {
    return await leases.take(job, holder);
  } catch (error) {
    log.error("job-unleased", { error, job });
    return true;
  }
}

async function attempt<Ports extends LeasePorts>(ports: Ports, { name, run }: Job<Ports>): Promise<number> {
  try {
    return (await run(ports)) ?? 0;
  } catch (error) {
    ports.log.error("job-failed", { error, job: name });
    return 0;
  }
}

/** A lease that is not given back ends by itself, some runs later. */
async function giveBack(
  { leases, log }: LeasePorts,
  job: string,
  { holder, restMs }: { readonly holder: string; readonly restMs: number },
): Promise<void> {
  try {
    await leases.giveBack(job, holder, restMs);
  } catch (error) {
    log.error("lease-not-given-back", { error, job });
  }
}
