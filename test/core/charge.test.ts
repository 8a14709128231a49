import { describe, expect, it } from "vitest";
import { charge, statedCredits, isOutcome } from "../../src/core/charge.ts";

const rules = { chargeNotFound: true };

describe("what a dispatch costs", () => {
  it.each([
    { outcome: "success", charged: 3, inDoubt: 0, because: "an answer costs its price" },
    { outcome: "empty", charged: 3, inDoubt: 0, because: "an empty list is an answer" },
    { outcome: "unclear_error", charged: 0, inDoubt: 3, because: "nobody knows whether it was counted" },
    {
      outcome: "hollow",
      charged: 0,
      inDoubt: 3,
      because: "status 200 without an answer may count as a success or not",
    },
    { outcome: "not_found", charged: 3, inDoubt: 0, because: "the rule says that it is charged" },
    { outcome: "account_error", charged: 0, inDoubt: 0, because: "nothing was done" },
    { outcome: "rate_limited", charged: 0, inDoubt: 0, because: "nothing was done" },
    { outcome: "client_error", charged: 0, inDoubt: 0, because: "nothing was done" },
    { outcome: "server_error", charged: 0, inDoubt: 0, because: "only a success costs" },
    { outcome: "origin_unreachable", charged: 0, inDoubt: 3, because: "the CDN does not know what its origin did" },
    { outcome: "malformed", charged: 0, inDoubt: 3, because: "nobody knows who answered" },
    { outcome: "redirect", charged: 0, inDoubt: 3, because: "nobody knows who answered" },
    { outcome: "truncated", charged: 0, inDoubt: 3, because: "the work was done and the answer lost" },
    { outcome: "oversized", charged: 0, inDoubt: 3, because: "the work was done and the answer dropped" },
    { outcome: "timeout", charged: 0, inDoubt: 3, because: "the reply may only be late" },
    { outcome: "thrown", charged: 0, inDoubt: 3, because: "a lost reply looks like a refused connection" },
    { outcome: "abandoned", charged: 0, inDoubt: 3, because: "whoever knew how it ended is gone" },
  ] as const)("of $outcome is $charged and $inDoubt in doubt: $because", ({ outcome, charged, inDoubt }) => {
    expect(charge(outcome, { credits: 3, stated: null }, rules)).toEqual({ charged, inDoubt });
  });

  it.each([
    { outcome: "success", stated: 3, because: "it took more than the table says" },
    { outcome: "not_found", stated: 0, because: "it took nothing for it" },
    { outcome: "server_error", stated: 1, because: "it took a credit and failed" },
    { outcome: "hollow", stated: 1, because: "what it says is no longer in doubt" },
  ] as const)("of $outcome is $stated where the upstream says so: $because", ({ outcome, stated }) => {
    expect(charge(outcome, { credits: 1, stated }, rules)).toEqual({ charged: stated, inDoubt: 0 });
  });

  it("leaves a not-found free when the rule says so, because the upstream's texts contradict each other", () => {
    expect(charge("not_found", { credits: 1, stated: null }, { chargeNotFound: false })).toEqual({
      charged: 0,
      inDoubt: 0,
    });
  });
});

it.each([
  { text: "success", is: true, because: "it stands in the table" },
  { text: "constructor", is: false, because: "a prototype's property does not" },
  { text: "", is: false, because: "nothing does not" },
  { text: 1, is: false, because: "a number does not" },
])("$text is an outcome, $is: $because", ({ text, is }) => expect(isOutcome(text)).toBe(is));

it.each([
  { text: "3", is: 3, because: "it is a whole number" },
  { text: "0", is: 0, because: "nothing is a figure too" },
  { text: "1000", is: 1_000, because: "it is the most that is believed" },
  { text: "1001", is: null, because: "it is above any price" },
  { text: "10000000000000000000", is: null, because: "it is damage" },
  { text: "1.5", is: null, because: "credits are whole" },
  { text: "-1", is: null, because: "nobody is paid for asking" },
  { text: "1, 1", is: null, because: "the field came twice" },
  { text: "", is: null, because: "it says nothing" },
  { text: null, is: null, because: "there is no such field" },
])("a stated price of $text is $is: $because", ({ text, is }) => expect(statedCredits(text)).toBe(is));
