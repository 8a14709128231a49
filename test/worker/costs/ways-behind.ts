import { sampleEvent, sampleHits } from "../../support/sample-usage.ts";
import type { Counted } from "./count-costs.ts";
import type { Ground } from "./ground.ts";
import { staleHit, type Way } from "./ways.ts";

/** As much as a queue delivers at once, by `wrangler.toml`. */
const BATCH = 100;

/** How what no request waits for comes about. */
export const WAYS_BEHIND: readonly Way[] = [
  { name: "refresh", token: "not needed", go: refreshed },
  { name: "100 events recorded", token: "not needed", go: recorded },
  { name: "100 batches of hits recorded", token: "not needed", go: hitsRecorded },
  { name: "a minute's jobs", token: "not needed", go: minute },
];

async function refreshed(ground: Ground, number: number): Promise<Counted> {
  const { recording } = await staleHit(ground, `2${number}`);
  const messages = recording.operations.flatMap((operation) => operation.messages);
  return ground.far.count(() => ground.far.deliver("tikedge-refresh", messages));
}

async function recorded({ tenantId, near }: Ground): Promise<Counted> {
  const event = (at: number) => ({ kind: "event", event: sampleEvent(tenantId, { occurredAtMs: Date.now() - at }) });
  const deliver = () => near.count(() => near.deliver("tikedge-usage", batchOf(event)));
  await deliver();
  return deliver();
}

function hitsRecorded({ tenantId, near }: Ground): Promise<Counted> {
  const hits = () => ({ kind: "hits", batch: sampleHits(tenantId, { flushedAtMs: Date.now() }) });
  return near.count(() => near.deliver("tikedge-usage", batchOf(hits)));
}

async function minute({ near }: Ground): Promise<Counted> {
  // What runs once in a while has run, and rests.
  await near.count(near.runJobs);
  return near.count(near.runJobs);
}

function batchOf<Item>(make: (at: number) => Item): readonly Item[] {
  return Array.from({ length: BATCH }, (_, at) => make(at));
}
