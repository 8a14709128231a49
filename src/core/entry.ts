/**
 * What the caches hold for one call: the upstream's bytes as they came, and what is needed to serve them truthfully.
 * `body` is text because only valid UTF-8 is ever stored (RFC 8259, section 8.1), so text and bytes map one to one.
 */
export type Entry = {
  /** The unambiguous serialisation of what this answers; compared on read, so that no collision of digests is ever served. */
  readonly identity: string;
  /** Negative entries (the upstream knows no such thing) are a class of their own: no window of an answer ever applies to them. */
  readonly kind: "answer" | "negative";
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Strong validator with its quotes, computed once when the entry is written. */
  readonly etag: string;
  /** When the upstream answered, Unix milliseconds: `Age` counts from here through every layer. */
  readonly fetchedAtMs: number;
  readonly freshMs: number;
  readonly staleMs: number;
  /** What the entry is about, e.g. `user:107955`: purging by subject finds it by these. */
  readonly subjects: readonly string[];
};

/** An entry and when Redis was last known to hold it, Unix milliseconds: nearer tiers keep it a bounded time from there. */
export type Stored = { readonly entry: Entry; readonly confirmedAtMs: number };
