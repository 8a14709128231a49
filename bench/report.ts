import { latency, throughput } from "./columns.ts";
import { table } from "./markdown.ts";
import type { Row } from "./rounds.ts";

/** What the built Worker aims to stay under: KiB of gzip, and milliseconds of start-up. */
const AIM = { kib: 140, startUpMs: 50 };

export type Results = {
  readonly rows: readonly Row[];
  readonly sizeKib: number;
  readonly startUpMs: number;
  readonly machine: string;
  readonly how: string;
};

/** All results as Markdown, each with how it was measured. */
export function report({ rows, sizeKib, startUpMs, machine, how }: Results): string {
  const late = Math.max(...rows.flatMap(({ samples }) => samples.map(({ lateMs }) => lateMs)));
  return `
${machine}
${how}; medians (least–most of the rounds).

${table(rows.filter(isByWorkerd), throughput(rows))}

Ratios are of requests/s, to the bare hello with a body of that size and to the Hono hello. CPU: user and system time of workerd per request
under that load; its ratio is the same for what a request costs instead of how many there are. Busy: the share of its core that workerd used;
where it is low, what else takes part was the bottleneck, and the CPU's ratio is the one to believe. Redis and queues: per request, with
what is done behind responses. Commands run: with those inside scripts, as Upstash bills them.

${table(rows, latency)}

At a fixed rate, in turns of a quarter of a second with the row beside which it is: the bare hello with a body of that size, and for a miss the
upstream asked directly. The load generator itself sent one in a hundred more than ${late.toFixed(1)} ms late at its worst.

Built Worker: ${sizeKib.toFixed(1)} KiB gzip -9 (aim ${AIM.kib} KiB).
Start-up: ${startUpMs.toFixed(1)} ms, from the start of a workerd to its first answer, beyond the same for an empty Worker (aim ${AIM.startUpMs} ms).`;
}

function isByWorkerd({ target }: Row): boolean {
  return target.requestClass.worker !== null;
}
