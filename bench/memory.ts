import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runUntilStopped } from "../dev/teardown.ts";
import { shareCores } from "./cores.ts";
import { MEMORY_BYTES, measureMemory } from "./memory-run.ts";
import { ALLOWED, verdict } from "./memory-verdict.ts";

const MIB = 1_048_576;

/** `npm run bench:memory`: what an isolate holds after 100,000 distinct answers, and whether it grows; ends with 1 if it is too much. */
await runUntilStopped(async (teardown, signal) => {
  const { keys, seconds, perSecond } = readOptions();
  const core = (await shareCores())?.workerd;
  const dir = await mkdtemp(join(tmpdir(), "tikedge-bench-"));
  teardown.add(() => rm(dir, { recursive: true, force: true }));
  const found = await measureMemory({ keys, seconds, perSecond, core, dir, teardown, signal, say });
  const { beforeBytes, afterBytes, ways, heaps, grownBytes } = found;
  console.log(`
${keys} distinct answers, each asked for once: ${mib(beforeBytes)} before, ${mib(afterBytes)} after, of which the cache may have ${mib(MEMORY_BYTES)}
  how they were answered: ${JSON.stringify(ways)}
${seconds} s at ${perSecond} requests/s of all kinds: ${heaps.map((heap) => (heap / MIB).toFixed(1)).join(", ")} MiB after each tenth
  from the first third to the last: ${mib(grownBytes)} (allowed: ${mib(ALLOWED.grownBytes)})`);
  for (const complaint of verdict(found)) {
    console.error(complaint);
    process.exitCode = 1;
  }
});

function readOptions(): { readonly keys: number; readonly seconds: number; readonly perSecond: number } {
  const { values } = parseArgs({
    options: {
      keys: { type: "string", default: "100000" },
      seconds: { type: "string", default: "300" },
      rate: { type: "string", default: "500" },
    },
  });
  const [keys, seconds, perSecond] = [Number(values.keys), Number(values.seconds), Number(values.rate)];
  if (![keys, seconds, perSecond].every((number) => Number.isInteger(number) && number > 0))
    throw new Error("--keys, --seconds and --rate are whole numbers from 1");
  return { keys, seconds, perSecond };
}

function say(line: string): void {
  console.log(`  ${line}`);
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
