import type { Log } from "../core/ports.ts";
import type { JobLease, Leases } from "../core/upkeep-ports.ts";

export type LeasePorts = { readonly leases: Leases; readonly log: Log };

export type Job<Ports> = {
  readonly name: string;
  /** Resolves to how long it need not run again, milliseconds; to nothing when the next minute is as good. */
  readonly run: (ports: Ports) => Promise<number | void>;
};

/**
 * Runs jobs side by side, but for those that another run has or that rest. A lease saves work and guards nothing: jobs catch up from state and
 * may overlap, so without an answer from Redis a job runs all the same, and what it needs of Redis it finds out by itself. One that fails is logged by
 * its name, ends no other, and does not rest.
 */
export async function runLeased<Ports extends LeasePorts>(ports: Ports, jobs: readonly Job<Ports>[]): Promise<void> {
  const free = await freeOf(
    ports,
    jobs.map(({ name }) => name),
  );
  await Promise.all(jobs.filter(({ name }) => free.includes(name)).map((job) => run(ports, job)));
}

/** One question for all, for most jobs rest most of the time. */
async function freeOf({ leases, log }: LeasePorts, jobs: readonly string[]): Promise<readonly string[]> {
  try {
    return await leases.free(jobs);
  } catch (error) {
    log.error("jobs-unleased", { error });
    return jobs;
  }
}

async function run<Ports extends LeasePorts>(ports: Ports, job: Job<Ports>): Promise<void> {
  const taken = await take(ports, job.name);
  if (taken === undefined) return;
  const restMs = await attempt(ports, job);
  await giveBack(ports, job.name, { lease: taken.lease, restMs });
}

/** Nothing when another run was faster; without a lease when Redis does not answer. */
async function take({ leases, log }: LeasePorts, job: string): Promise<{ readonly lease?: JobLease } | undefined> {
  try {
    const lease = await leases.take(job);
    return lease && { lease };
  } catch (error) {
    log.error("job-unleased", { error, job });
    return {};
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
  { log }: LeasePorts,
  job: string,
  { lease, restMs }: { readonly lease: JobLease | undefined; readonly restMs: number },
): Promise<void> {
  try {
    await lease?.giveBack(restMs);
  } catch (error) {
    log.error("lease-not-given-back", { error, job });
  }
}
