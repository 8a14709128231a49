import type { Column } from "./markdown.ts";
import { bareName, honoHello } from "./request-classes.ts";
import type { Row, Sample } from "./rounds.ts";
import { median, spread } from "./spread.ts";

/** What a class can do, what it costs, and what it asks of others. */
export function throughput(rows: readonly Row[]): readonly Column<Row>[] {
  const bareOf = ({ target }: Row) => named(rows, bareName(target.requestClass.size));
  const hono = named(rows, honoHello.name);
  return [
    { title: "class", cell: nameOf },
    { title: "requests/s", cell: ({ samples }) => spread(figures(samples, "perSecond"), 0) },
    { title: "to bare", cell: (row) => spread(ratios(row, bareOf(row), "perSecond"), 2) },
    {
      title: "to Hono",
      cell: (row) =>
        row.target.requestClass.size === hono.target.requestClass.size ? spread(ratios(row, hono, "perSecond"), 2) : "",
    },
    { title: "CPU us", cell: ({ samples }) => spread(figures(samples, "cpuMicros"), 0) },
    { title: "CPU to bare", cell: (row) => spread(ratios(bareOf(row), row, "cpuMicros"), 2) },
    { title: "busy", cell: (row) => percent(medianOf(row, "busy")) },
    { title: "Redis round trips", cell: (row) => perRequest(row, "roundTrips") },
    { title: "commands sent", cell: (row) => perRequest(row, "commands") },
    { title: "commands run", cell: (row) => perRequest(row, "billed") },
    { title: "queue messages", cell: (row) => perRequest(row, "messages") },
  ];
}

/** How long a request takes at a rate that is far from the most. */
export const latency: readonly Column<Row>[] = [
  { title: "class", cell: nameOf },
  { title: "requests/s", cell: ({ target }) => String(target.requestClass.perSecond) },
  { title: "p50 ms", cell: ({ samples }) => spread(figures(samples, "p50Ms"), 2) },
  { title: "p99 ms", cell: ({ samples }) => spread(figures(samples, "p99Ms"), 2) },
  {
    title: "beside: p50 / p99 ms",
    cell: (row) => `${medianOf(row, "besideP50Ms").toFixed(2)} / ${medianOf(row, "besideP99Ms").toFixed(2)}`,
  },
  { title: "added p50 / p99 ms", cell: (row) => `${added(row, "50").toFixed(2)} / ${added(row, "99").toFixed(2)}` },
  {
    title: "p99 to beside",
    cell: ({ samples }) =>
      spread(
        samples.map(({ p99Ms, besideP99Ms }) => p99Ms / besideP99Ms),
        2,
      ),
  },
];

/** Of each round, since the machine drifts from one to the next. */
function ratios(one: Row, other: Row, field: keyof Sample): number[] {
  return one.samples.map((sample, round) => sample[field] / (other.samples[round]?.[field] ?? Number.NaN));
}

/** In each round apart, since that is when both were measured. */
function added({ samples }: Row, percentile: "50" | "99"): number {
  return median(samples.map((sample) => sample[`p${percentile}Ms`] - sample[`besideP${percentile}Ms`]));
}

function named(rows: readonly Row[], name: string): Row {
  const row = rows.find((each) => nameOf(each) === name);
  if (row === undefined) throw new Error(`nothing was measured for ${name}`);
  return row;
}

function nameOf({ target }: Row): string {
  return target.requestClass.name;
}

/** What Redis was asked differs between rounds only by what happens every few seconds. */
function perRequest(row: Row, field: keyof Sample): string {
  const value = medianOf(row, field);
  return Number.isNaN(value) ? "not counted" : value.toFixed(2);
}

function percent(share: number): string {
  return Number.isNaN(share) ? "–" : `${(share * 100).toFixed(0)} %`;
}

function medianOf({ samples }: Row, field: keyof Sample): number {
  return median(figures(samples, field));
}

function figures(samples: readonly Sample[], field: keyof Sample): number[] {
  return samples.map((sample) => sample[field]);
}
