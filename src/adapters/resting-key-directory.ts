import type { KeyDirectory } from "../core/ports.ts";

/**
 * Asks nothing for `restMs` after the directory did not answer, and says `unavailable` at once: once a Postgres hangs, one request of an
 * isolate waits for it every `restMs`, and the others do not.
 */
export function restingKeyDirectory(directory: KeyDirectory, restMs: number, clock: () => number): KeyDirectory {
  let restUntilMs = 0;
  let fails = false;
  return {
    async find(keyId) {
      if (clock() < restUntilMs) return { kind: "unavailable" };
      // While it fails, one asks for all: the others must not wait beside it.
      if (fails) restUntilMs = clock() + restMs;
      const found = await directory.find(keyId);
      fails = found.kind === "unavailable";
      restUntilMs = fails ? clock() + restMs : 0;
      return found;
    },
  };
}
