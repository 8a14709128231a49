import { describe, expect, it } from "vitest";
import { awaitedOf, depthOf, mostAtOnce, type Operation } from "./recording.ts";

const operation = (began: number, ended: number | null): Operation => ({
  kind: "redis",
  began,
  ended,
  bytes: 0,
  messages: [],
});

describe("how many operations come one after another", () => {
  it.each([
    { operations: [], depth: 0, because: "there is none" },
    { operations: [operation(1, 2), operation(3, 4)], depth: 2, because: "the other began when the one had ended" },
    { operations: [operation(1, 3), operation(2, 4)], depth: 1, because: "they were under way together" },
    {
      operations: [operation(1, 4), operation(2, 3), operation(5, 6)],
      depth: 2,
      because: "the third waited for both, and they did not for each other",
    },
  ])("$depth: $because", ({ operations, depth }) => expect(depthOf(operations)).toBe(depth));

  it("is told apart from how many there were at once, which a Worker has only so many connections for", () => {
    const operations = [operation(1, 4), operation(2, 3), operation(5, 6), operation(7, null)];
    expect(mostAtOnce(operations)).toBe(2);
  });

  it("counts what was over when the response was there, because it waited for nothing else", () => {
    const operations = [operation(1, 2), operation(3, 5), operation(6, null)];
    expect(awaitedOf({ operations, answered: 4, behind: 0 })).toEqual([operation(1, 2)]);
  });
});
