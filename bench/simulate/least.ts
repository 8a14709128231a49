import { freshMsOf, KINDS, type Kind } from "./calls.ts";
import { tallying, type Tally } from "./tally.ts";
import type { Asked } from "./trace.ts";

export type Least = {
  readonly name: string;
  readonly isDerived: boolean;
  /** From when a call is first asked for until its answer is there, milliseconds: who asks meanwhile joins. */
  readonly answerMs: number;
};

/**
 * The least calls with which every request gets an answer that is fresh when it comes. A call is made when one is asked for that nothing at hand
 * answers, which is as late as it can be: no other choice of times reaches as far with as few. With derivation an answer
 * serves every call that it answers, each by its own window; nothing is asked of the upstream but what was asked for.
 */
export function least(requests: Iterable<Asked>, { name, isDerived, answerMs }: Least): Tally {
  const tally = tallying(name);
  const freshMs = new Map(KINDS.map((kind) => [kind, freshMsOf(kind)]));
  const answered = new Map<string, number>();
  for (const { atMs, kind, profile } of requests) {
    const key = `${kind} ${profile}`;
    const answeredAtMs = answered.get(key) ?? -Infinity;
    const isCovered = atMs < answeredAtMs + (freshMs.get(kind) ?? 0);
    if (!isCovered) {
      tally.called(atMs);
      for (const other of isDerived ? answeredBy(kind) : [kind]) answered.set(`${other} ${profile}`, atMs + answerMs);
    }
    const hasWaited = !isCovered || atMs < answeredAtMs;
    tally.served(kind, { atMs, ageMs: hasWaited ? 0 : atMs - answeredAtMs, hasWaited });
  }
  return tally.read();
}

/** What else an answer says, by the gateway's list. */
export function answeredBy(kind: Kind): readonly Kind[] {
  return kind === "userinfo-by-username" || kind === "userinfo-by-id"
    ? ["userid", "userinfo-by-username", "userinfo-by-id"]
    : [kind];
}
