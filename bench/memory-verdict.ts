import { MEMORY_BYTES, type MemoryFound } from "./memory-run.ts";

const MIB = 1_048_576;

/**
 * Beside the cache an isolate holds lists with bounds of their own: keys that were told unknown, calls that were asked for, turns to
 * refresh. While a soak lasts, the heap moves by what these and compiled code come and go.
 */
export const ALLOWED = { besideBytes: 8 * MIB, grownBytes: MIB } as const;

/** What is wrong with what was found; nothing if all is well. */
export function verdict({ beforeBytes, afterBytes, ways, grownBytes }: MemoryFound): readonly string[] {
  const complaints: string[] = [];
  const strays = Object.keys(ways).filter((way) => !way.startsWith("200 tikedge; hit;"));
  if (strays.length > 0) complaints.push(`not every answer was a hit: ${strays.join(", ")}`);
  if (afterBytes - beforeBytes > MEMORY_BYTES + ALLOWED.besideBytes)
    complaints.push(`${afterBytes - beforeBytes} bytes more than before are more than the cache and what is beside it`);
  if (grownBytes > ALLOWED.grownBytes) complaints.push(`the heap grew by ${grownBytes} bytes`);
  return complaints;
}
