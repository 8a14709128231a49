import { describe, expect, it } from "vitest";
import { freshMsOf, KINDS } from "../../bench/simulate/calls.ts";
import { answeredBy, least } from "../../bench/simulate/least.ts";
import type { Asked } from "../../bench/simulate/trace.ts";
import { seededRandom } from "../support/seeded-random.ts";

const HOUR_MS = 3_600_000;
const ANSWER_MS = 750;

/** A few requests within a while, in order, for so few profiles that answers meet again. */
function tinyTrace(random: () => number): readonly Asked[] {
  const spanMs = HOUR_MS * 2 ** Math.floor(random() * 7);
  return Array.from({ length: 1 + Math.floor(random() * 9) }, () => ({
    atMs: Math.floor(random() * spanMs),
    kind: KINDS[Math.floor(random() * KINDS.length)] ?? "userid",
    profile: Math.floor(random() * 2),
    isolate: 0,
  })).toSorted((one, other) => one.atMs - other.atMs);
}

/** Every choice of requests at which to call: the smallest that leaves none without a fresh answer. */
function leastByTrying(requests: readonly Asked[], isDerived: boolean): number {
  let fewest = requests.length;
  for (let choice = 0; choice < 2 ** requests.length; choice += 1) {
    const calls = requests.flatMap((_, at) => ((choice >> at) & 1 ? [at] : []));
    const isAnswered = ({ kind, profile, atMs }: Asked, at: number) =>
      calls.some((call) => {
        const made = requests[call];
        if (made === undefined || call > at || made.profile !== profile) return false;
        const answers = isDerived ? answeredBy(made.kind) : [made.kind];
        return answers.includes(kind) && atMs < made.atMs + ANSWER_MS + freshMsOf(kind);
      });
    if (calls.length < fewest && requests.every(isAnswered)) fewest = calls.length;
  }
  return fewest;
}

describe("the least possible calls", () => {
  it.each([
    { isDerived: false, because: "each call is answered by its own answers alone" },
    { isDerived: true, because: "user info answers three calls" },
  ])("are what trying every choice finds, where $because", ({ isDerived }) => {
    const random = seededRandom(7);
    for (let round = 0; round < 400; round += 1) {
      const requests = tinyTrace(random);
      const { calls } = least(requests, { name: "least", isDerived, answerMs: ANSWER_MS });
      expect(calls, JSON.stringify(requests)).toBe(leastByTrying(requests, isDerived));
    }
  });

  it("let who asks during a call join it, and serve what is fresh at its age", () => {
    const ask = (atMs: number): Asked => ({ atMs, kind: "user-posts", profile: 0, isolate: 0 });
    const requests = [ask(0), ask(700), ask(10_750), ask(900_749), ask(900_750)];
    const tally = least(requests, { name: "least", isDerived: false, answerMs: ANSWER_MS });
    expect({ calls: tally.calls, waited: tally.waited, oldestMs: tally.age("user-posts").maxMs }).toEqual({
      calls: 2,
      waited: 3,
      oldestMs: 899_999,
    });
  });
});
