import { freshMsOf, KINDS } from "./calls.ts";
import { answerShelf } from "./answer-shelf.ts";
import type { Latency } from "./latency.ts";
import { tallying, type Tally } from "./tally.ts";
import type { Asked } from "./trace.ts";

/** How long the guide's first layer keeps an answer, milliseconds. */
export const PROCESS_MS = 60_000;

export function noCache(requests: Iterable<Asked>): Tally {
  const tally = tallying("no cache");
  for (const { atMs, kind } of requests) {
    tally.called(atMs);
    tally.served(kind, { atMs, ageMs: 0, hasWaited: true });
  }
  return tally.read();
}

/** One store for all, and nobody knows that somebody else is fetching. */
export function plainTtl(requests: Iterable<Asked>, latency: Latency): Tally {
  const freshMs = new Map(KINDS.map((kind) => [kind, freshMsOf(kind)]));
  const place = ({ kind, profile }: Asked) => ({ key: `${kind} ${profile}`, ttlMs: freshMs.get(kind) ?? 0 });
  return kept(requests, { name: "plain TTL, one store", latency, place });
}

/** Each isolate has what it fetched itself, and nothing else. The guide's bound of 2,048 entries is never reached at these rates. */
export function memoryOnly(requests: Iterable<Asked>, latency: Latency): Tally {
  return kept(requests, { name: "memory only", latency, place: placeInProcess });
}

function placeInProcess({ kind, profile, isolate }: Asked) {
  return { key: `${isolate} ${kind} ${profile}`, ttlMs: PROCESS_MS };
}

type Keeping = {
  readonly name: string;
  readonly latency: Latency;
  readonly place: (asked: Asked) => { readonly key: string; readonly ttlMs: number };
};

function kept(requests: Iterable<Asked>, { name, latency, place }: Keeping): Tally {
  const tally = tallying(name);
  const shelf = answerShelf();
  for (const asked of requests) {
    const { atMs, kind } = asked;
    const { key, ttlMs } = place(asked);
    const found = shelf.get(key, atMs);
    if (found === undefined) {
      tally.called(atMs);
      const answeredAtMs = atMs + latency();
      shelf.put(key, { fromMs: answeredAtMs, untilMs: answeredAtMs + ttlMs, answeredAtMs });
    }
    tally.served(kind, {
      atMs,
      ageMs: found === undefined ? 0 : atMs - found.answeredAtMs,
      hasWaited: found === undefined,
    });
  }
  return tally.read();
}
