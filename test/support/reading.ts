import type { Reading } from "../../src/core/control-ports.ts";
import type { Alongside } from "../../src/core/ports.ts";

/** Wants nothing, and hears nothing. */
export const nothingAlongside: Alongside = { names: [], wantsTime: false, heard: () => undefined };

/** A reading of the log of changes that no look-up can bring along. */
export function readingOf(done: () => Promise<unknown>): Reading {
  return { isAfterGap: false, alongside: nothingAlongside, done };
}
