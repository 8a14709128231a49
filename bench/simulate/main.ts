import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { orExit } from "../../dev/or-exit.ts";
import { compare } from "./designs.ts";
import { readOptions } from "./options.ts";
import { plot } from "./plot.ts";
import { GUIDES_CLAIM, table } from "./table.ts";

/** `npm run simulate`: the caching guide's day through the gateway's own steps, in simulated time, beside what else could be done. */
const options = orExit(() => readOptions(process.argv.slice(2)));
const startedMs = performance.now();
const { tallies, replayed } = await compare(options);
const [ours, least] = tallies;
const { profiles, zipf, scale, isolates, colos, view, seed, out } = options;
const said = `${ours.requests.toLocaleString("en-US")} requests for ${profiles} profiles, Zipf ${zipf}, ${view} calls a view, ${isolates} isolates in ${colos} colos, scale ${scale}, seed ${seed}`;
console.log(`${said}; ${((performance.now() - startedMs) / 1_000).toFixed(0)} s\n`);
console.log(table(tallies, least));
const { settled, wrong, tooOld } = replayed;
const refusals = Array.from(ours.refusals, ([because, count]) => `${count} (${because})`).join(", ");
console.log(`
${GUIDES_CLAIM}
Tikedge: ${settled.length} events settled, ${refusals || "no"} requests refused, ${wrong} answers that were not sent for their call, ${tooOld} older than their bound.`);
await mkdir(dirname(out), { recursive: true });
await writeFile(out, plot(tallies, said));
console.log(`Plot: ${out}`);
if (wrong > 0 || tooOld > 0 || settled.length !== ours.calls) process.exitCode = 1;
