import type { DeadMessage, Graveyard } from "../../src/core/ports.ts";

/** A graveyard in memory that passes the contract of the real one. */
export function memoryGraveyard(): Graveyard & { readonly buried: DeadMessage[] } {
  const buried: DeadMessage[] = [];
  return {
    buried,
    async bury(messages) {
      for (const message of messages) if (!buried.some(({ id }) => id === message.id)) buried.push(message);
    },
  };
}
