import { describe, expect, it } from "vitest";
import { endOf, isOver, noted, type Session } from "../../src/core/session.ts";

const times = { sessionMs: 1_000, sessionMostMs: 3_000 };
const session: Session = {
  kind: "key",
  credential: "secret",
  who: "key 1",
  tenantId: null,
  csrf: "nonce",
  startedAtMs: 10_000,
  seenAtMs: 10_000,
};

describe("a session", () => {
  it.each([
    { seenAtMs: 10_000, nowMs: 10_999, over: false, because: "its idle time has a millisecond left" },
    { seenAtMs: 10_000, nowMs: 11_000, over: true, because: "the idle time ends exclusively" },
    { seenAtMs: 10_900, nowMs: 11_000, over: false, because: "it was used meanwhile" },
    { seenAtMs: 12_900, nowMs: 12_999, over: false, because: "the longest has a millisecond left" },
    { seenAtMs: 12_900, nowMs: 13_000, over: true, because: "no use makes it longer than the longest" },
    { seenAtMs: 10_000, nowMs: 8_999, over: true, because: "it began in the future, so its times mean nothing" },
  ])("seen at $seenAtMs is at $nowMs over: $over, because $because", ({ seenAtMs, nowMs, over }) => {
    expect(isOver({ ...session, seenAtMs }, times, nowMs)).toBe(over);
  });

  it("ends when its idle time or the longest does, whichever is sooner", () => {
    expect(endOf(session, times)).toBe(11_000);
    expect(endOf({ ...session, seenAtMs: 12_800 }, times)).toBe(13_000);
  });

  it("is noted again after a tenth of its idle time, so that not every page sets the cookie", () => {
    expect(noted(session, times, 10_099)).toBeUndefined();
    expect(noted(session, times, 10_100)).toEqual({ ...session, seenAtMs: 10_100 });
  });
});
