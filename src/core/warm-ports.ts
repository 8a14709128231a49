import type { Entry } from "./entry.ts";
import type { AnswerKey, Background } from "./ports.ts";
import type { PurgedAt } from "./purge.ts";

/** An answer, by the identity of its key, and how often it was asked for of late: requests a millisecond. */
export type Hot = { readonly identity: string; readonly perMs: number };

/**
 * How often answers are asked for, over all isolates and by Redis' clock: see `heat.ts`. Bounded: what is colder than the rest leaves. All
 * throw `Unavailable` when Redis does not answer.
 */
export type HotSet = {
  /** Adds requests by identity, at least one. Not idempotent: what got no answer may have been added, and is not to be sent again. */
  add(requests: ReadonlyMap<string, number>): Promise<void>;
  /** Hottest first; without what nobody has asked for in a long time. */
  hottest(most: number): Promise<readonly Hot[]>;
  /** Takes answers out, whatever they were. */
  drop(identities: readonly string[]): Promise<void>;
};

/** Counts requests in the isolate, for the hot set. At most once: a count may be lost, never doubled. */
export type AskCounter = { add(identity: string, background: Background): void };

/** What an entry says of itself, and what was purged of it. */
export type AnswerHead = { readonly entry: Omit<Entry, "body">; readonly purged: PurgedAt };

/** `views`: in whose eyes it may have been purged, see `purge.ts`. */
export type Glance = { readonly key: AnswerKey; readonly views: readonly string[] };

/** Looks at many answers in Redis at once, without their bodies. Throws `Unavailable` when Redis does not answer. */
export type AnswerHeads = {
  /** In the order asked; nothing for what is not there. */
  read(glances: readonly Glance[]): Promise<readonly (AnswerHead | undefined)[]>;
};

/**
 * What was asked to be warmed of late, by Redis' clock: what is still as it was then was asked for in vain. All throw `Unavailable` when
 * Redis does not answer.
 */
export type WarmTries = {
  /** Which of these were noted within a while, in the order given. */
  known(names: readonly string[]): Promise<readonly boolean[]>;
  /** Noting a name twice is noting it anew. */
  note(names: readonly string[]): Promise<void>;
};
