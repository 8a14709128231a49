import type { Bucket, RateDecision } from "./ports.ts";

type Allowed = Extract<RateDecision, { kind: "allowed" }>;

/** How long an isolate may hold tokens that it took in advance, milliseconds. */
export const LEASE_LIVES_MS = 2_000;

/** Of a bucket's capacity nobody takes more than this part in advance. */
const MOST_PART = 10;

/** With less than this part of the last block left, the next one is taken behind a response, so that no request has to wait for it. */
const LOW_PART = 4;

const SECOND_MS = 1_000;

export type TokenLease = {
  /** Takes one of the tokens held, if there is one. Counts the request as one that wants a token in either case. */
  takeHeld(nowMs: number): Allowed | undefined;
  /** Whether so few are held that more should be taken before anybody has to wait for them. */
  isLow(nowMs: number): boolean;
  /**
   * How many to take in advance; 0 when there is no reason to, or when another request of the isolate is asking, for `mostMs` at the longest.
   * Whoever gets more says with `receive` or `refused` how it went.
   */
  beginAsking(bucket: Bucket, nowMs: number, mostMs: number): number;
  /** Holds the tokens that the bucket gave. They live from when they were asked for. */
  receive(said: Allowed, tokens: number, askedAtMs: number): void;
  /** The bucket gave none, or did not answer: for a second nobody asks for more than the one that a request needs. */
  refused(nowMs: number): void;
};

/**
 * The tokens of one bucket that one isolate holds. Those that die unused are lost to their tenant, so never more are taken than were used
 * within a second, nor more than come back while they live: a burst exceeds the bucket's capacity by no more than that, and what was lost
 * is back two seconds later.
 */
export function tokenLease(): TokenLease {
  let blocks: { readonly tokens: number; readonly untilMs: number }[] = [];
  let said: Allowed | undefined;
  let lastBlock = 0;
  let notBeforeMs = 0;
  let [secondFromMs, used, usedBefore] = [0, 0, 0];

  const held = () => blocks.reduce((sum, { tokens }) => sum + tokens, 0);

  const turnSecond = (nowMs: number) => {
    const elapsedMs = nowMs - secondFromMs;
    if (elapsedMs >= 0 && elapsedMs < SECOND_MS) return;
    usedBefore = elapsedMs >= SECOND_MS && elapsedMs < 2 * SECOND_MS ? used : 0;
    used = 0;
    secondFromMs = nowMs;
  };

  return {
    takeHeld(nowMs) {
      turnSecond(nowMs);
      used += 1;
      blocks = blocks.filter(({ tokens, untilMs }) => tokens > 0 && nowMs < untilMs);
      const [oldest, ...others] = blocks;
      if (oldest === undefined || said === undefined) return undefined;
      blocks = [{ ...oldest, tokens: oldest.tokens - 1 }, ...others];
      return { ...said, remaining: said.remaining + held() };
    },
    isLow: (nowMs) => nowMs >= notBeforeMs && held() < lastBlock / LOW_PART,
    beginAsking({ capacity, refill, everyMs }, nowMs, mostMs) {
      if (nowMs < notBeforeMs) return 0;
      // Without the request that asks, which takes a token of its own.
      const wanted = Math.max(used - 1, usedBefore);
      const block = Math.floor(Math.min(wanted, capacity / MOST_PART, (refill * LEASE_LIVES_MS) / everyMs));
      if (block > 0) notBeforeMs = nowMs + mostMs;
      return block;
    },
    receive(given, tokens, askedAtMs) {
      said = given;
      lastBlock = tokens;
      blocks.push({ tokens, untilMs: askedAtMs + LEASE_LIVES_MS });
      notBeforeMs = 0;
    },
    refused(nowMs) {
      lastBlock = 0;
      notBeforeMs = nowMs + SECOND_MS;
    },
  };
}
