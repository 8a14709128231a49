import { expect, it } from "vitest";
import { isolateWaits } from "../../src/adapters/isolate-waits.ts";

const FAILURE = { outcome: "server_error", status: 500, upstreamKeyId: "key" } as const;

function waiting() {
  let nowMs = 1_000_000;
  return { ...isolateWaits(() => nowMs), advance: (ms: number) => void (nowMs += ms) };
}

it("lets one of all who wait for a call ask within the time, and the next when it is over", () => {
  const waits = waiting();
  expect([waits.mayAsk("call", 100), waits.mayAsk("call", 100), waits.mayAsk("another", 100)]).toEqual([
    true,
    false,
    true,
  ]);
  waits.advance(99);
  expect(waits.mayAsk("call", 100)).toBe(false);
  waits.advance(1);
  expect(waits.mayAsk("call", 100)).toBe(true);
});

it("gives the turn to the next at once when it has ended, because what was asked for is there", () => {
  const waits = waiting();
  waits.mayAsk("call", 100);
  waits.endTurn("call");
  expect(waits.mayAsk("call", 100)).toBe(true);
});

it("tells a failure for half a second, through all turns, and not longer, because the next may be better", () => {
  const waits = waiting();
  waits.mayAsk("call", 100);
  waits.noteFailure("call", FAILURE);
  waits.endTurn("call");
  expect(waits.mayAsk("call", 100), "the turn is over").toBe(true);
  expect(waits.failure("call")).toEqual(FAILURE);
  expect(waits.failure("another")).toBeUndefined();
  waits.advance(499);
  expect(waits.failure("call")).toEqual(FAILURE);
  waits.advance(1);
  expect(waits.failure("call")).toBeUndefined();
});
