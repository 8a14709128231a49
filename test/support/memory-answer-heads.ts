import type { SharedAnswers } from "../../src/core/ports.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import type { AnswerHeads } from "../../src/core/warm-ports.ts";

/** Heads of the answers of a store in memory. It passes the contract of the real ones. */
export function memoryAnswerHeads(answers: Pick<SharedAnswers, "get">): AnswerHeads {
  return {
    read: (glances) =>
      Promise.all(
        glances.map(async ({ key, views }) => {
          const reply = await answers.get(key, views);
          if (reply.kind === "unavailable") throw new Unavailable("the answers in memory are down");
          return reply.kind === "found" ? { entry: reply.stored.entry, purged: reply.purged } : undefined;
        }),
      ),
  };
}
