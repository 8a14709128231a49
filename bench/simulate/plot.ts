import { escaped, svg } from "../svg.ts";
import type { Tally } from "./tally.ts";

/** Told apart by colour and by dash, light enough for a dark page and dark enough for a white one. */
const STROKES = [
  { colour: "#2f81f7", dash: "" },
  { colour: "#8b949e", dash: "6 4" },
  { colour: "#d29922", dash: "" },
  { colour: "#e5534b", dash: "2 3" },
  { colour: "#9b6bdf", dash: "8 3 2 3" },
  { colour: "#3fa45b", dash: "" },
  { colour: "#d2649a", dash: "4 2" },
];

const [WIDTH, PANEL_HEIGHT, LEGEND_LINE] = [720, 250, 20];
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 16, 40, 40];
const HOURS = [0, 4, 8, 12, 16, 20, 24];

type Panel = { readonly title: string; readonly lines: readonly (readonly number[])[] };

const numbers = new Intl.NumberFormat("en-US");

/** What each design had the upstream asked by each hour of the day, and how many requests waited for it, as an SVG. */
export function plot(tallies: readonly Tally[], title: string): string {
  const panels: readonly Panel[] = [
    { title: "Upstream calls, summed over the day", lines: tallies.map(({ callsUntil }) => callsUntil) },
    { title: "Requests that waited for the upstream, summed", lines: tallies.map(({ waitsUntil }) => waitsUntil) },
  ];
  const legendHeight = LEGEND_LINE * Math.ceil(tallies.length / 2) + 44;
  const height = panels.length * PANEL_HEIGHT + legendHeight;
  return svg({
    width: WIDTH,
    height,
    title,
    left: LEFT,
    lines: [
      ...tallies.map(({ name, calls }, at) => legend(`${name}: ${numbers.format(calls)} calls`, at)),
      ...panels.map((panel, at) => drawn(panel, legendHeight + at * PANEL_HEIGHT)),
    ],
  });
}

function legend(name: string, at: number): string {
  const [x, y] = [LEFT + (at % 2) * 320, 44 + Math.floor(at / 2) * LEGEND_LINE];
  return `<g><line x1="${x}" y1="${y - 4}" x2="${x + 28}" y2="${y - 4}" ${strokeOf(at)}/><text x="${x + 36}" y="${y}">${escaped(name)}</text></g>`;
}

function drawn({ title, lines }: Panel, top: number): string {
  const most = niceCeiling(Math.max(1, ...lines.flat()));
  const [wide, high] = [WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM];
  const xOf = (part: number) => LEFT + part * wide;
  const yOf = (value: number) => top + TOP + high * (1 - value / most);
  const path = (values: readonly number[]) =>
    [0, ...values].map((value, at) => `${xOf(at / values.length).toFixed(1)},${yOf(value).toFixed(1)}`).join(" ");
  const [y0, floor] = [yOf(0), yOf(0) + 18];
  return [
    `<text x="${LEFT}" y="${top + 24}">${escaped(title)}</text>`,
    ...[0, 0.25, 0.5, 0.75, 1].map((part) => rule(yOf(most * part), numbers.format(most * part))),
    ...HOURS.map((hour) => `<text x="${xOf(hour / 24)}" y="${floor}" text-anchor="middle">${hour} h</text>`),
    `<line x1="${LEFT}" y1="${y0}" x2="${WIDTH - RIGHT}" y2="${y0}" stroke="currentColor"/>`,
    // The first is what the plot is about: it goes over the others.
    ...lines.map((values, at) => `<polyline fill="none" ${strokeOf(at)} points="${path(values)}"/>`).toReversed(),
  ].join("\n");
}

function rule(y: number, label: string): string {
  return `<line class="grid" x1="${LEFT}" y1="${y}" x2="${WIDTH - RIGHT}" y2="${y}"/><text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${label}</text>`;
}

function strokeOf(at: number): string {
  const { colour, dash } = STROKES[at % STROKES.length] ?? { colour: "currentColor", dash: "" };
  return `stroke="${colour}" stroke-width="2"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}`;
}

/** The next of 1, 2 and 4 times a power of ten: a quarter of it is a number to read. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 8, 10].find((times) => times * power >= value) ?? 10) * power;
}
