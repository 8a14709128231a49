import type { Row, Sample } from "./rounds.ts";
import { median } from "./spread.ts";
import { escaped, svg } from "./svg.ts";

const [WIDTH, LEFT, RIGHT, TOP, LINE] = [820, 190, 110, 74, 24];
const COLOURS = { own: "#2f81f7", beside: "#8b949e" };
const TICKS_MS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

type Range = { readonly p50Ms: number; readonly p99Ms: number };

/** From p50 to p99 of each class, over that of the row beside which it was taken: by powers of ten, since a p99 may be many times a p50. */
export function latencyPlot(rows: readonly Row[]): string {
  const ranges = rows.map(rangesOf);
  const every = ranges.flatMap(({ own, beside }) => [own.p50Ms, own.p99Ms, beside.p50Ms, beside.p99Ms]);
  const [least, most] = [Math.min(...every), Math.max(...every)];
  const from = TICKS_MS.findLast((tick) => tick <= least) ?? 0.1;
  const to = TICKS_MS.find((tick) => tick >= most) ?? 10_000;
  const height = TOP + rows.length * LINE + 34;
  const x = (ms: number) => LEFT + ((WIDTH - LEFT - RIGHT) * Math.log(ms / from)) / Math.log(to / from);
  return svg({
    width: WIDTH,
    height,
    title: "Latency at a fixed rate, from p50 to p99",
    left: 16,
    lines: [
      ...legend(),
      ...TICKS_MS.filter((tick) => tick >= from && tick <= to).map((tick) => rule(x(tick), height - 30, tick)),
      ...ranges.map((range, at) => drawn(range, TOP + at * LINE + LINE / 2, x)),
    ],
  });
}

function rangesOf({ target, samples }: Row) {
  const of = (field: keyof Sample) => median(samples.map((sample) => sample[field]));
  return {
    name: target.requestClass.name,
    own: { p50Ms: of("p50Ms"), p99Ms: of("p99Ms") },
    beside: { p50Ms: of("besideP50Ms"), p99Ms: of("besideP99Ms") },
  };
}

function drawn({ name, own, beside }: ReturnType<typeof rangesOf>, y: number, x: (ms: number) => number): string {
  return [
    `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escaped(name)}</text>`,
    bar(beside, { y: y + 5, x, colour: COLOURS.beside, high: 3 }),
    bar(own, { y: y - 2, x, colour: COLOURS.own, high: 7 }),
    `<text x="${WIDTH - 8}" y="${y + 4}" text-anchor="end">${own.p50Ms.toFixed(2)} / ${own.p99Ms.toFixed(1)} ms</text>`,
  ].join("");
}

type Bar = { readonly y: number; x(ms: number): number; readonly colour: string; readonly high: number };

/** A range of nothing is drawn as a dot. */
function bar({ p50Ms, p99Ms }: Range, { y, x, colour, high }: Bar): string {
  const wide = Math.max(high, x(p99Ms) - x(p50Ms));
  return `<rect x="${x(p50Ms).toFixed(1)}" y="${y - high / 2}" width="${wide.toFixed(1)}" height="${high}" rx="${high / 2}" fill="${colour}"/>`;
}

function rule(x: number, bottom: number, tickMs: number): string {
  const at = x.toFixed(1);
  return `<line class="grid" x1="${at}" y1="${TOP}" x2="${at}" y2="${bottom}"/><text x="${at}" y="${bottom + 18}" text-anchor="middle">${tickMs} ms</text>`;
}

function legend(): readonly string[] {
  const entries = [
    { colour: COLOURS.own, high: 7, name: "the class" },
    {
      colour: COLOURS.beside,
      high: 3,
      name: "a bare hello with that size of body, by turns; for a miss, the upstream itself",
    },
  ];
  return entries.map(({ colour, high, name }, at) => {
    const x = 16 + at * 130;
    return `<rect x="${x}" y="${46 - high / 2}" width="28" height="${high}" rx="${high / 2}" fill="${colour}"/><text x="${x + 36}" y="50">${name}</text>`;
  });
}
