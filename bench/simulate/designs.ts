import { upstreamLatency } from "./latency.ts";
import { least } from "./least.ts";
import type { Options } from "./options.ts";
import { replay, type Replayed } from "./replay.ts";
import { guidesSample } from "./sample-design.ts";
import { memoryOnly, noCache, plainTtl } from "./simple-designs.ts";
import type { Tally } from "./tally.ts";
import { traceOf } from "./trace.ts";

export type Compared = {
  /** The gateway first, then what it is held against: the least possible, and other designs. */
  readonly tallies: readonly [ours: Tally, least: Tally, ...others: Tally[]];
  readonly replayed: Replayed;
};

/** One day through the gateway and through each of the designs beside it. */
export async function compare(options: Options): Promise<Compared> {
  const trace = traceOf(options);
  const latency = () => upstreamLatency(options.upstreamMs, options.seed);
  const leastOf = (name: string, isDerived: boolean) => least(trace, { name, isDerived, answerMs: options.upstreamMs });
  const replayed = await replay(trace, options);
  return {
    tallies: [
      replayed.tally,
      leastOf("least possible", false),
      ...(options.view === 3 ? [leastOf("least possible, derived", true)] : []),
      plainTtl(trace, latency()),
      guidesSample(trace, latency()),
      memoryOnly(trace, latency()),
      noCache(trace),
    ],
    replayed,
  };
}
