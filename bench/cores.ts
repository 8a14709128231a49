import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** A core for workerd alone, and the rest for everything else: what measures must not take time from what is measured. */
export type Cores = { readonly workerd: string; readonly others: string };

/**
 * Puts this process, and whatever it starts from now on, on all cores but the first that it may use, which is workerd's. Null, and
 * nothing is pinned, where there is no `taskset` or a single core.
 */
export async function shareCores(): Promise<Cores | null> {
  const [first, ...others] = await allowedCores();
  if (first === undefined || others.length === 0) return null;
  const cores = { workerd: String(first), others: others.join(",") };
  const pinned = await promisify(execFile)("taskset", ["-acp", cores.others, String(process.pid)]).then(
    () => true,
    () => false,
  );
  return pinned ? cores : null;
}

/** How a program is started on one core. */
export function pinnedTo(core: string | undefined, command: string, args: readonly string[]): [string, string[]] {
  return core === undefined ? [command, [...args]] : ["taskset", ["-c", core, command, ...args]];
}

/** None on a system without /proc, which has no `taskset` either. */
async function allowedCores(): Promise<number[]> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)/m.exec(status) ?? [];
  return list.split(",").flatMap((range) => {
    const [from, to = from] = range.split("-").map(Number);
    if (range === "" || from === undefined || to === undefined) return [];
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}
