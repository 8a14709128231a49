import type { Background, Log } from "../core/ports.ts";
import type { AskCounter, HotSet } from "../core/warm-ports.ts";

export type AskSettings = {
  readonly flushMs: number;
  readonly clock: () => number;
};

/** So many answers in the buffer send it at once: one script takes them in, and has to be short. */
const MOST_ANSWERS = 200;

/** Longer ones (an ad's URL) are not counted: they would fill the hot set with text that hardly anybody repeats. */
const MOST_LENGTH = 512;

/**
 * Requests of this isolate by answer, added to the hot set in batches: a command a request would cost more than a hit. At most once: what an
 * evicted isolate had not sent is lost, and so is what Redis does not take.
 */
export function bufferedAsks(hotSet: Pick<HotSet, "add">, { flushMs, clock }: AskSettings, log: Log): AskCounter {
  let requests = new Map<string, number>();
  let dueAtMs = 0;

  const flush = async (): Promise<void> => {
    const full = requests;
    requests = new Map();
    try {
      await hotSet.add(full);
    } catch (error) {
      log.error("asks-lost", { error, answers: full.size });
    }
  };

  const flushLater = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, flushMs));
    if (requests.size > 0) await flush();
  };

  return {
    add(identity, background: Background) {
      if (identity.length > MOST_LENGTH) return;
      requests.set(identity, (requests.get(identity) ?? 0) + 1);
      if (requests.size >= MOST_ANSWERS) return background(flush());
      // A timer dies with the request that started it, so whether one runs is told by the clock and not by a flag.
      if (clock() < dueAtMs) return;
      dueAtMs = clock() + flushMs;
      background(flushLater());
    },
  };
}
