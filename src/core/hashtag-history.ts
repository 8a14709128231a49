/** What a hashtag counted on a UTC day, `2026-01-31`. */
export type HashtagDay = { readonly day: string; readonly users: number; readonly views: number };

export type HashtagRecord = HashtagDay & {
  readonly id: string;
  /** As the canonical address of its page has it. */
  readonly name: string;
};

/** What a hashtag counted last within some days, and how much more than at their beginning. */
export type RisingHashtag = HashtagRecord & {
  /** Views now by views then: 1.5 is half as many more; null where there is only one day to tell from. */
  readonly growth: number | null;
};

/**
 * What hashtags counted, a row a hashtag and day: what every visitor may see, of no tenant. All throw `Unavailable` when Postgres does not
 * answer.
 */
export type HashtagHistory = {
  /** The first of a day stays: noting again changes nothing. */
  note(record: HashtagRecord): Promise<void>;
  /** Of the last days that were noted, oldest first. */
  of(id: string, most: number): Promise<readonly HashtagDay[]>;
  /** Those noted since a UTC day: first those that grew most, then those of which only one day is known, by how many use them. */
  rising(since: string, most: number): Promise<readonly RisingHashtag[]>;
};
