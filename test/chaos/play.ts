import { setTimeout as wait } from "node:timers/promises";
import type { Clients } from "./clients.ts";
import { begin } from "./faults.ts";
import type { Ground } from "./ground.ts";
import type { Planned, PlannedAct, PlannedFault } from "./plan.ts";

const CRON_EACH_MS = 1_000;
const TRY_AGAIN_MS = 100;

/** Plays a plan in its own time: whatever is due begins then, and waits for nothing before it. Resolves when all of it has ended. */
export async function play(ground: Ground, clients: Clients, plan: readonly Planned[]): Promise<void> {
  const begunAtMs = Date.now();
  const playing: Promise<void>[] = [];
  for (const planned of plan) {
    await wait(Math.max(0, begunAtMs + planned.atMs - Date.now()));
    playing.push(start(ground, clients, planned));
  }
  await Promise.all(playing);
}

async function start(ground: Ground, clients: Clients, planned: Planned): Promise<void> {
  switch (planned.kind) {
    case "request":
      return clients.ask(planned);
    case "fault":
      return breakFor(ground, planned);
    case "kill":
      return planned.failpoint === null ? ground.kill(planned.worker) : ground.arm(planned.worker, planned.failpoint);
    case "act":
      return act(ground, planned);
    default:
      return planned satisfies never;
  }
}

async function breakFor(ground: Ground, { fault, forMs }: PlannedFault): Promise<void> {
  const end = await begin(ground, fault);
  await wait(forMs);
  await end();
}

/** The operator ends a tenant, again until it is done: parts may be down. */
async function act({ players, workers, secrets }: Ground, { tenant, act }: PlannedAct): Promise<void> {
  const id = players.find(({ name }) => name === tenant)?.id;
  const [method, path] = act === "suspend" ? ["POST", `/v1/tenants/${id}/suspend`] : ["DELETE", `/v1/tenants/${id}`];
  const headers = { authorization: `Bearer ${secrets.adminToken}`, "content-type": "application/json" };
  for (;;) {
    const url = workers.map((worker) => worker.url()).find((each) => each !== undefined);
    const init = { method, headers, ...(method === "POST" ? { body: "{}" } : {}) };
    const response = url === undefined ? undefined : await fetch(`${url}${path}`, init).catch(() => undefined);
    // Deleted already: the answer to the try before was lost.
    if (response?.ok || response?.status === 404) return;
    await wait(TRY_AGAIN_MS);
  }
}

/** Fires the crons of every Worker once a second, as many overlapping runs as there are, until the signal aborts. */
export async function keepCronsRunning(ground: Ground, signal: AbortSignal): Promise<void> {
  const running: Promise<unknown>[] = [];
  while (!signal.aborted) {
    for (const worker of ground.workers) {
      const url = worker.url();
      const path = `/cdn-cgi/local/scheduled?cron=${encodeURIComponent("* * * * *")}`;
      if (url !== undefined) running.push(fetch(`${url}${path}`).catch(() => undefined));
    }
    await wait(CRON_EACH_MS, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(running);
}
