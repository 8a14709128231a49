import { escaped, svg } from "../svg.ts";
import { infrastructure, total, type Bill } from "./bill.ts";
import type { Billed } from "./designs.ts";

const [WIDTH, LEFT, RIGHT, TOP, LINE, HIGH] = [820, 190, 190, 78, 30, 16];

const PARTS: readonly { readonly name: string; readonly colour: string; of(bill: Bill): number }[] = [
  { name: "Redis", colour: "#e5534b", of: ({ redis }) => redis },
  { name: "Workers", colour: "#d29922", of: ({ workers }) => workers },
  { name: "Queues", colour: "#9b6bdf", of: ({ queues }) => queues },
  { name: "credits", colour: "#2f81f7", of: ({ credits }) => credits },
];

/** A bar for each design, of what its month costs. */
export function billPlot(designs: readonly Billed[], title: string): string {
  const most = Math.max(...designs.map(({ bill }) => total(bill)));
  const wide = (dollars: number) => ((WIDTH - LEFT - RIGHT) * dollars) / most;
  return svg({
    width: WIDTH,
    height: TOP + designs.length * LINE + 12,
    title,
    left: 16,
    lines: [...legend(), ...designs.map((design, at) => bar(design, TOP + at * LINE, wide))],
  });
}

function bar({ name, bill }: Billed, y: number, wide: (dollars: number) => number): string {
  let x = LEFT;
  const parts = PARTS.map(({ colour, of }) => {
    const part = `<rect x="${x.toFixed(1)}" y="${y}" width="${wide(of(bill)).toFixed(1)}" height="${HIGH}" fill="${colour}"/>`;
    x += wide(of(bill));
    return part;
  });
  const said = `$${total(bill).toFixed(0)}, without credits $${infrastructure(bill).toFixed(0)}`;
  return [
    `<text x="${LEFT - 12}" y="${y + 13}" text-anchor="end">${escaped(name)}</text>`,
    ...parts,
    `<text x="${(x + 8).toFixed(1)}" y="${y + 13}">${said}</text>`,
  ].join("");
}

function legend(): readonly string[] {
  return PARTS.map(({ name, colour }, at) => {
    const x = 16 + at * 110;
    return `<rect x="${x}" y="40" width="28" height="12" fill="${colour}"/><text x="${x + 36}" y="50">${name}</text>`;
  });
}
