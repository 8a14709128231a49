import type { Bucket, RateDecision } from "./ports.ts";

type Allowed = Extract<RateDecision, { kind: "allowed" }>;

/**
 * For how much use tokens are taken in advance: as many as were used within `useMs`, to be held for `livesMs`, and no more than a part of the
 * bucket. The first is for those who use it much; the second for whoever comes every few seconds or minutes, who would ask for each request.
 */
const HORIZONS = [
  { useMs: 1_000, livesMs: 2_000, mostPart: 10 },
  { useMs: 300_000, livesMs: 300_000, mostPart: 100 },
] as const;

/** Nobody takes more at once than comes back to the bucket within this time, milliseconds: what was lost is back by then. */
export const BACK_WITHIN_MS = 2_000;

/** With less than this part of the last block left, the next one is taken behind a response, so that no request has to wait for it. */
const LOW_PART = 4;

const SECOND_MS = 1_000;

/** Tokens to be taken in advance, and for how long they are held, milliseconds. */
export type Block = { readonly tokens: number; readonly livesMs: number };

export type TokenLease = {
  /** Takes one of the tokens held, if there is one. Counts the request as one that wants a token in either case. */
  takeHeld(bucket: Bucket, nowMs: number): Allowed | undefined;
  /** Whether so few are held that more should be taken before anybody has to wait for them. */
  isLow(nowMs: number): boolean;
  /**
   * What to take in advance; nothing when there is no reason to, or when another request of the isolate is asking, for `mostMs` at the longest.
   * Whoever gets something says with `receive` or `refused` how it went.
   */
  beginAsking(bucket: Bucket, nowMs: number, mostMs: number): Block | undefined;
  /** Holds the tokens that the bucket gave. They live from when they were asked for. */
  receive(said: Allowed, block: Block, askedAtMs: number): void;
  /** The bucket gave none, or did not answer: for a second nobody asks for more than the one that a request needs. */
  refused(nowMs: number): void;
};

/**
 * The tokens of one bucket that one isolate holds. Those that die unused are lost to their tenant, so never more are taken than were used
 * lately. A burst exceeds the bucket's capacity by what isolates hold at that moment: what comes back within two seconds, and of tokens held
 * for longer a hundredth of the capacity in each isolate that the tenant used for as much within five minutes.
 */
export function tokenLease(): TokenLease {
  let blocks: { tokens: number; readonly untilMs: number }[] = [];
  let said: Allowed | undefined;
  let lastBlock = 0;
  let notBeforeMs = 0;
  let seenMs = 0;
  const uses = HORIZONS.map(({ useMs }) => usesWithin(useMs));

  const held = () => blocks.reduce((sum, { tokens }) => sum + tokens, 0);

  return {
    takeHeld(bucket, nowMs) {
      // The clock was set back: how old the tokens are nobody knows, and until when nobody is to ask was said by another clock.
      if (nowMs < seenMs) [blocks, notBeforeMs] = [[], 0];
      seenMs = nowMs;
      for (const each of uses) each.note(nowMs);
      const isGood = ({ tokens, untilMs }: (typeof blocks)[number]) => tokens > 0 && nowMs < untilMs;
      // Nothing is made anew for a hit in memory where nothing has ended.
      if (!blocks.every(isGood)) blocks = blocks.filter(isGood);
      const [oldest] = blocks;
      if (oldest === undefined || said === undefined) return undefined;
      oldest.tokens -= 1;
      const now = refilled(said, bucket, nowMs);
      return { ...now, remaining: Math.min(now.limit, now.remaining + held()) };
    },
    isLow: (nowMs) => nowMs >= notBeforeMs && held() < lastBlock / LOW_PART,
    beginAsking({ capacity, refill, everyMs }, nowMs, mostMs) {
      if (nowMs < notBeforeMs) return undefined;
      const [block] = HORIZONS.map(({ livesMs, mostPart }, at) => {
        // Without the request that asks, which takes a token of its own.
        const wanted = (uses[at]?.count() ?? 0) - 1;
        const most = Math.min(wanted, capacity / mostPart, (refill * BACK_WITHIN_MS) / everyMs);
        return { tokens: Math.floor(most - held()), livesMs };
      }).toSorted((one, other) => other.tokens - one.tokens);
      if (block === undefined || block.tokens <= 0) return undefined;
      notBeforeMs = nowMs + mostMs;
      return block;
    },
    receive(given, { tokens, livesMs }, askedAtMs) {
      said = given;
      lastBlock = tokens;
      blocks.push({ tokens, untilMs: askedAtMs + livesMs });
      notBeforeMs = 0;
    },
    refused(nowMs) {
      lastBlock = 0;
      notBeforeMs = nowMs + SECOND_MS;
    },
  };
}

/** What the bucket said some time ago, with what has come back to it since. What other isolates have taken meanwhile nobody here knows. */
function refilled(said: Allowed, { refill, everyMs }: Bucket, nowMs: number): Allowed {
  const refills = nowMs < said.resetAtMs ? 0 : 1 + Math.floor((nowMs - said.resetAtMs) / everyMs);
  return {
    ...said,
    remaining: Math.min(said.limit, said.remaining + refills * refill),
    resetAtMs: said.resetAtMs + refills * everyMs,
  };
}

/** Counts within the running span of time or the whole one before it, whichever had more. */
function usesWithin(spanMs: number) {
  let [fromMs, used, before] = [0, 0, 0];
  return {
    note(nowMs: number) {
      const elapsedMs = nowMs - fromMs;
      if (elapsedMs < 0 || elapsedMs >= spanMs) {
        before = elapsedMs >= spanMs && elapsedMs < 2 * spanMs ? used : 0;
        used = 0;
        fromMs = nowMs;
      }
      used += 1;
    },
    count: () => Math.max(used, before + 1),
  };
}
