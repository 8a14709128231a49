import { expect, it } from "vitest";
import { memoryAnswers } from "../../src/adapters/memory-answers.ts";
import type { Stored } from "../../src/core/entry.ts";

function stored(identity: string, bodyLength: number): Stored {
  const windows = { fetchedAtMs: 0, freshMs: 1, staleMs: 0 };
  const entry = {
    identity,
    kind: "answer",
    status: 200,
    contentType: "a/b",
    etag: '"e"',
    windows: "userid",
    reservedAtMs: 0,
    errorMs: 0,
    derived: false,
    body: "x".repeat(bodyLength),
    ...windows,
  } as const;
  return { entry, confirmedAtMs: 0 };
}

it("is bounded by bytes and not by number, for an isolate that passes 128 MB is killed with every request in it", () => {
  const memory = memoryAnswers(1_000_000);
  for (let at = 0; at < 1_000; at++) memory.put(stored(`entry-${at}`, 50_000));
  const held = Array.from({ length: 1_000 }, (_, at) => memory.get(`entry-${at}`)).filter((each) => each !== undefined);
  expect(held.length).toBeGreaterThan(0);
  expect(held.length * 100_000).toBeLessThanOrEqual(1_000_000);
});

it("drops what was used least recently", () => {
  const memory = memoryAnswers(250_000);
  memory.put(stored("old", 50_000));
  memory.put(stored("older", 50_000));
  memory.get("old");
  memory.put(stored("new", 50_000));
  expect([memory.get("old"), memory.get("older"), memory.get("new")].map((each) => each !== undefined)).toEqual([
    true,
    false,
    true,
  ]);
});

it("does not keep what is larger than all of it", () => {
  const memory = memoryAnswers(1_000);
  memory.put(stored("huge", 50_000));
  expect(memory.get("huge")).toBeUndefined();
});
