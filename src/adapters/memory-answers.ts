import { LRUCache } from "lru-cache";
import type { AnswerMemory } from "../core/ports.ts";
import type { Stored } from "../core/entry.ts";

/** What one entry costs beside its text: the objects around it and its place in the list, measured roughly and rounded up. */
const OVERHEAD_BYTES = 512;

/**
 * Answers in the isolate, at most `maxBytes`, least recently used out first. A text counts two bytes a character, the most that V8
 * may need for it: an isolate that passes its 128 MB is killed with every request in it.
 */
export function memoryAnswers(maxBytes: number): AnswerMemory {
  const entries = new LRUCache<string, Stored>({ maxSize: maxBytes, sizeCalculation: bytesOf });
  return {
    get: (identity) => entries.get(identity),
    put: (stored) => void entries.set(stored.entry.identity, stored),
  };
}

function bytesOf({ entry }: Stored): number {
  return 2 * (entry.body.length + 2 * entry.identity.length) + OVERHEAD_BYTES;
}
