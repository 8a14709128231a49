import { directUpstream, gatewayClasses, hello, miss } from "./request-classes.ts";
import type { Row, Sample } from "./rounds.ts";

/** What the built Worker aims to stay under, KiB of gzip. */
const AIM_KIB = 140;

export type Results = {
  readonly rows: readonly Row[];
  readonly sizeKib: number;
  readonly startUpMs: number;
  readonly machine: string;
  readonly how: string;
};

/** All results as Markdown, each with how it was measured. */
export function report({ rows, sizeKib, startUpMs, machine, how }: Results): string {
  return `
${machine}
${how}; medians (least–most). Latencies at the fixed rate. Redis: per request, background work included.

${table(rows)}

Added: over hello; for a miss, over the upstream asked directly. Commands run: with those inside scripts, as Upstash bills them.
Built Worker: ${sizeKib.toFixed(1)} KiB gzip -9 (aim ${AIM_KIB} KiB).
Start-up: ${startUpMs.toFixed(1)} ms, from the start of a workerd to its first answer, beyond the same for an empty Worker.`;
}

type Column = { readonly title: string; cell(row: Row): string };

function table(rows: readonly Row[]): string {
  const columns: readonly Column[] = [
    { title: "class", cell: ({ name }) => name },
    { title: "requests/s", cell: (row) => spread(row, "perSecond", 0) },
    {
      title: "to hello",
      cell: (row) => (medianOf(row, "perSecond") / medianOf(named(rows, hello.name), "perSecond")).toFixed(2),
    },
    { title: "p50 ms", cell: (row) => spread(row, "p50Ms", 2) },
    { title: "p99 ms", cell: (row) => spread(row, "p99Ms", 2) },
    { title: "added p50/p99 ms", cell: (row) => added(row, rows) },
    { title: "Redis round trips", cell: (row) => perRequest(row, "roundTrips") },
    { title: "commands sent", cell: (row) => perRequest(row, "commands") },
    { title: "commands run", cell: (row) => perRequest(row, "billed") },
  ];
  const lines = [
    columns.map(({ title }) => title),
    columns.map((_, at) => (at === 0 ? "---" : "---:")),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Of a miss, what the upstream takes is not the gateway's doing. */
function added(row: Row, rows: readonly Row[]): string {
  if (!gatewayClasses.some(({ name }) => name === row.name)) return "";
  const base = named(rows, row.name === miss.name ? directUpstream.name : hello.name);
  const beyond = (field: "p50Ms" | "p99Ms") => (medianOf(row, field) - medianOf(base, field)).toFixed(2);
  return `${beyond("p50Ms")} / ${beyond("p99Ms")}`;
}

function named(rows: readonly Row[], name: string): Row {
  const row = rows.find((each) => each.name === name);
  if (row === undefined) throw new Error(`nothing was measured for ${name}`);
  return row;
}

function spread({ samples }: Row, field: keyof Sample, digits: number): string {
  const values = samples.map((sample) => sample[field]);
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)];
  return `${middle.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** What Redis was asked differs between rounds only by what happens every few seconds. */
function perRequest(row: Row, field: keyof Sample): string {
  const value = medianOf(row, field);
  return Number.isNaN(value) ? "not counted" : value.toFixed(2);
}

function medianOf({ samples }: Row, field: keyof Sample): number {
  return median(samples.map((sample) => sample[field]));
}
