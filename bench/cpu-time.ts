import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Reads the CPU time that a process has used so far, microseconds, in steps of a clock tick; not a number where there is no /proc. */
export async function cpuTimer(pid: number): Promise<() => Promise<number>> {
  const ticks = await promisify(execFile)("getconf", ["CLK_TCK"]).then(
    ({ stdout }) => Number(stdout),
    () => Number.NaN,
  );
  return async () => {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // After the program's name, which stands in parentheses: user time is the 12th field, time in the kernel the 13th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ((Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) * 1_000_000) / ticks;
  };
}
