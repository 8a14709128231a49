import type { KeyDirectory } from "../core/ports.ts";

/**
 * Asks nothing for `restMs` after the directory did not answer, and says `unavailable` at once: a Postgres that hangs costs an isolate one
 * wait every `restMs`, and not every request one.
 */
export function restingKeyDirectory(directory: KeyDirectory, restMs: number, clock: () => number): KeyDirectory {
  let restUntilMs = 0;
  return {
    async find(keyId) {
      if (clock() < restUntilMs) return { kind: "unavailable" };
      const found = await directory.find(keyId);
      if (found.kind === "unavailable") restUntilMs = clock() + restMs;
      return found;
    },
  };
}
