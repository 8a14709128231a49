import type { KeyDirectory } from "../core/ports.ts";

/**
 * Asks nothing for `restMs` after the directory did not answer, and says `unavailable` at once: once a Postgres hangs, one request of an
 * isolate waits for it every `restMs`, and the others do not.
 */
export function restingKeyDirectory(directory: KeyDirectory, restMs: number, clock: () => number): KeyDirectory {
  let restUntilMs = 0;
  let fails = false;
  const rests = () => {
    if (clock() < restUntilMs) return true;
    // While it fails, one asks for all: the others must not wait beside it.
    if (fails) restUntilMs = clock() + restMs;
    return false;
  };
  const note = (isUnavailable: boolean) => {
    fails = isUnavailable;
    restUntilMs = fails ? clock() + restMs : 0;
  };
  return {
    async find(keyId) {
      if (rests()) return { kind: "unavailable" };
      const found = await directory.find(keyId);
      note(found.kind === "unavailable");
      return found;
    },
    async knowsOrigin(origin) {
      if (rests()) return "unavailable";
      const looked = await directory.knowsOrigin(origin);
      note(looked === "unavailable");
      return looked;
    },
  };
}
