import type { OwnedKey, Strikes } from "../../src/core/control-ports.ts";

/** Strikes in memory by a clock that is handed in. It passes the contract of the real ones. */
export function memoryStrikes(clock: () => number, { strikeMs = 600_000, recentMs = 60_000 } = {}): Strikes {
  const standingUntil = new Map<string, number>();
  const refusedAt = new Map<string, number>();
  return {
    async note(key) {
      refusedAt.set(nameOf(key), clock());
      if ((standingUntil.get(nameOf(key)) ?? 0) > clock()) return "known";
      standingUntil.set(nameOf(key), clock() + strikeMs);
      return "first";
    },
    recent: async () => [...refusedAt.values()].filter((atMs) => atMs > clock() - recentMs).length,
    async clear(key) {
      standingUntil.delete(nameOf(key));
      refusedAt.delete(nameOf(key));
    },
  };
}

function nameOf({ tenantId, id }: OwnedKey): string {
  return `${tenantId}:${id}`;
}
