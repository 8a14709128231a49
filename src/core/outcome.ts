/** How a dispatch ended: what was charged, what may be stored and what the client gets all follow from this one word. */
export type Outcome =
  | "success"
  /** A list endpoint answered with no items. */
  | "empty"
  /** The entity is missing, deleted or private; by status 404 or by a 200 with the entity error body. */
  | "not_found"
  /** The upstream key is bad, suspended or out of credits; by status 401, 402, 403 or by a 200 with the account error body. */
  | "account_error"
  /** HTTP 429. */
  | "rate_limited"
  /** Any other 4xx. */
  | "client_error"
  /** 5xx but for the 52x of a CDN that could not reach its origin. */
  | "server_error"
  /** 520 to 529: a CDN answered for an origin that it could not reach. */
  | "origin_unreachable"
  /**
   * 200 with JSON that is neither a known answer nor a known error, or an answer with nothing in it: empty download links, a post without
   * id and play_count. Passed on and never kept.
   */
  | "hollow"
  /** Not JSON, or JSON that is no object or array. */
  | "malformed"
  /** 3xx: never followed, for the key would travel with it. */
  | "redirect"
  /** The status came, the body ended early. */
  | "truncated"
  /** The body passed the byte limit. */
  | "oversized"
  /** No status within the deadline, or no complete body. */
  | "timeout"
  /** The fetch threw before a status: refused, reset and a lost reply look the same in workerd. */
  | "thrown"
  /** Its Worker died between the reservation and the settling: nobody knows how it ended. */
  | "abandoned";
