/** How a dispatch ended: what was charged, what may be stored and what the client gets all follow from this one word. */
export type Outcome =
  | "success"
  /** A list endpoint answered with no items. */
  | "empty"
  /** The entity is missing, deleted or private; by status 404 or by a 200 with the entity error body. */
  | "not_found"
  /** The upstream key is bad, suspended or out of credits; by status 401, 402, 403 or by a 200 with the account error body. */
  | "account_error"
  /** An error body that is neither of the two known ones: it may be about the account, and nobody knows whether it was counted. */
  | "unclear_error"
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

export type ChargeRules = {
  /** Whether the upstream takes a credit for "not found". Its texts contradict each other; the caching guide's says that it does. */
  readonly chargeNotFound: boolean;
};

type Charge = { readonly charged: number; readonly inDoubt: number };

type Verdict = "charged" | "free" | "in-doubt" | "as-not-found";

/**
 * What the upstream takes for a dispatch. The vendor: one credit a request, and in one place, that only a success costs. Charged is what is
 * known to be taken, in doubt what may have been, so that charged <= the upstream's own count <= charged + in doubt, as long as the vendor
 * keeps its word that what it refused or failed at by its own account is free.
 */
const VERDICTS: Readonly<Record<Outcome, Verdict>> = {
  success: "charged",
  /** No items is an answer: the upstream looked. */
  empty: "charged",
  not_found: "as-not-found",
  /** Status 200, and nothing in it says that it is a success: the vendor's texts disagree on which of the two is counted. */
  hollow: "in-doubt",
  /** Refused at the upstream's door, before any work: bad key, no balance, over the limit, bad request. */
  account_error: "free",
  unclear_error: "in-doubt",
  rate_limited: "free",
  client_error: "free",
  /** The upstream itself said that it failed; only a success costs. */
  server_error: "free",
  /** Not the upstream's own word: a CDN gave up on it (RFC 9110 has no 52x), maybe after the work was done. */
  origin_unreachable: "in-doubt",
  /** Status 200 without JSON: something answered, and nothing says that it was the upstream. */
  malformed: "in-doubt",
  redirect: "in-doubt",
  /** The upstream had begun to answer; what is lost is the rest. */
  truncated: "in-doubt",
  oversized: "in-doubt",
  /** Refused before the upstream saw it, or answered with the reply lost: from here they look the same. */
  timeout: "in-doubt",
  thrown: "in-doubt",
  abandoned: "in-doubt",
};

type Price = {
  /** The endpoint's. */
  readonly credits: number;
  /** What the upstream itself says that it took; null when it says nothing. */
  readonly stated: number | null;
};

/** Splits what a dispatch cost into what is known and what is in doubt. What the upstream says that it took is known, whatever the outcome. */
export function charge(outcome: Outcome, { credits, stated }: Price, { chargeNotFound }: ChargeRules): Charge {
  if (stated !== null) return { charged: stated, inDoubt: 0 };
  const verdict = VERDICTS[outcome];
  switch (verdict) {
    case "charged":
      return { charged: credits, inDoubt: 0 };
    case "free":
      return { charged: 0, inDoubt: 0 };
    case "in-doubt":
      return { charged: 0, inDoubt: credits };
    case "as-not-found":
      return { charged: chargeNotFound ? credits : 0, inDoubt: 0 };
    default:
      return verdict satisfies never;
  }
}

/**
 * Whether a fetch that ended so would end so for the next one who asks: for a moment nobody repeats it. Not a success that may not be kept
 * (a post without its links): the next one may get what this one did not. Nor a key over its limit: that one cools down, and another may
 * have room.
 */
export function isSharedFailure(outcome: Outcome): boolean {
  return !["success", "empty", "not_found", "rate_limited"].includes(outcome);
}

/** Whether it is, or may be, about the account of the upstream key: then it says nothing to who pays with another. */
export function isOfAccount(outcome: Outcome): boolean {
  return outcome === "account_error" || outcome === "unclear_error";
}

/** Far above any price: more is damage, and must not reach an invoice. */
const MOST_CREDITS = 1_000;

/** What a field of a reply says that a call cost, whole credits; null when it says nothing of the kind. */
export function statedCredits(text: string | null): number | null {
  return text !== null && /^\d{1,4}$/.test(text) && Number(text) <= MOST_CREDITS ? Number(text) : null;
}

/** Whether `text` is an outcome; the table above has every one of them. */
export function isOutcome(text: unknown): text is Outcome {
  return typeof text === "string" && Object.hasOwn(VERDICTS, text);
}
