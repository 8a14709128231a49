import type { RefreshMessage, RefreshQueue } from "../../src/core/ports.ts";
import type { Consumed } from "../../src/queue/consume.ts";
import type { SimulatedTime } from "../../test/support/simulated-time.ts";

/** As `wrangler.toml` has it: a batch goes out when it is full, or so long after its first message. */
const BATCH_SIZE = 10;
const BATCH_MS = 1_000;

/** Delivery is at least once: so many messages come again, up to so long after. */
const TWICE = 0.05;
const AGAIN_MS = 60_000;

type Consume = (message: RefreshMessage, attempts: number) => Promise<Consumed>;

const NOBODY: Consume = async () => ({ kind: "done" });

type World = { readonly time: SimulatedTime; readonly random: () => number; readonly onMessage: () => void };

/** A queue that delivers in batches, some of it twice, and what is given back again after its delay. `onMessage` hears of what is sent. */
export function simulatedRefreshQueue({ time, random, onMessage }: World) {
  let consume = NOBODY;
  let batch: RefreshMessage[] = [];
  const handle = async (message: RefreshMessage, attempts: number) => {
    const consumed = await consume(message, attempts);
    if (consumed.kind === "hopeless") throw new Error(consumed.reason);
    if (consumed.kind === "again")
      time.at(time.clock() + consumed.afterSeconds * 1_000, () => void handle(message, attempts + 1));
  };
  const deliver = (full: readonly RefreshMessage[]) => {
    // Either it was full and is gone, or its time has come.
    if (full !== batch) return;
    batch = [];
    for (const message of full) {
      void handle(message, 1);
      if (random() < TWICE) time.at(time.clock() + random() * AGAIN_MS, () => void handle(message, 1));
    }
  };
  const queue: RefreshQueue = {
    async send(messages) {
      for (const message of messages) {
        onMessage();
        batch.push(message);
        const current = batch;
        if (current.length === 1) time.at(time.clock() + BATCH_MS, () => deliver(current));
        if (current.length === BATCH_SIZE) deliver(current);
      }
    },
  };
  return { queue, consumeBy: (given: Consume) => void (consume = given) };
}
