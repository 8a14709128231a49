import { writeFile } from "node:fs/promises";
import { orExit } from "../../dev/or-exit.ts";
import { DEFAULTS, readOptions, type Options } from "../simulate/options.ts";
import { compareBills } from "./designs.ts";
import { billPlot } from "./plot.ts";
import { classesTable, countingTable, designsTable, linesTable, pricesTable } from "./report.ts";

/** The plot that `RESULTS.md` shows, of the default day. */
const PLOT = "bench/bill.svg";

/** `npm run bill`: what each class of request costs at list prices, and what a month of the caching guide's days does by each design. */
const options = orExit(() => readOptions(process.argv.slice(2)));
const compared = await compareBills(options);
const { profiles, zipf, isolates, colos, scale, seed } = options;
const said = `A month of the caching guide's days: ${profiles} profiles, Zipf ${zipf}, ${isolates} isolates in ${colos} colos, scale ${scale}, seed ${seed}`;
console.log(`${pricesTable()}

A million of each class:

${classesTable()}

${said}

${designsTable(compared)}

${countingTable()}

${linesTable(compared.lines)}`);
const plot = plotOf(options);
if (plot !== undefined) await writeFile(plot, billPlot(compared.designs, `${said}, at list prices`));

function plotOf({ out, ...day }: Options): string | undefined {
  if (out !== DEFAULTS.out) return out;
  return JSON.stringify({ ...day, out }) === JSON.stringify(DEFAULTS) ? PLOT : undefined;
}
