import type { Call, Parameter } from "./catalogue.ts";
import { canonicalPostUrl, canonicalTiktokUrl } from "./post-url.ts";

/** A parameter's only canonical value. `absent`: what was given equals not giving it. */
export type Canonical =
  | { readonly kind: "value"; readonly value: string }
  | { readonly kind: "absent" }
  | { readonly kind: "malformed"; readonly reason: string };

const HANDLE = /^[A-Za-z0-9._]{1,64}$/;
const NUMERIC_ID = /^(?:0|[1-9]\d{0,19})$/;
const COUNT = /^0*([1-9]\d{0,8})$/;
const UNIX_TIME = /^0*(\d{1,16})$/;
const REGION = /^[A-Za-z]{2}$/;
const CONTROL = /\p{Cc}/u;
const LEADING_ZEROS = /^0+(?=\d)/;

const TEXT_LIMIT = 500;
const CURSOR_LIMIT = 256;
const URL_LIMIT = 2_000;

const ABSENT: Canonical = { kind: "absent" };

/**
 * Reads one value. Two texts get one value only when the upstream is known to take them for the same; where that is unknown (the case of a
 * hashtag, leading zeros of an id, Unicode forms) they stay apart or are refused, since a shared key with unequal answers is worse than a
 * second fetch. An empty value equals an absent one.
 */
export function canonicalValue(parameter: Parameter, text: string): Canonical {
  if (text === "") return ABSENT;
  switch (parameter.kind) {
    case "handle":
      return handle(text);
    case "numeric-id":
      return NUMERIC_ID.test(text)
        ? value(text)
        : malformed("must be a decimal id of up to 20 digits without leading zeros");
    case "text":
      return bounded(text, TEXT_LIMIT);
    case "hashtag":
      return hashtag(text);
    case "count":
      return count(text);
    case "cursor":
      return text === "0" ? ABSENT : bounded(text, CURSOR_LIMIT);
    case "unix-time":
      return unixTime(text);
    case "region":
      return REGION.test(text) ? value(text.toUpperCase()) : malformed("must be a country code of two letters");
    case "choice":
      return choice(parameter.choices ?? [], text);
    case "post-url":
      return url(
        canonicalPostUrl,
        text,
        "must be the http or https URL of a post on tiktok.com, or a TikTok short link",
      );
    case "url":
      return url(canonicalTiktokUrl, text, "must be an https URL on tiktok.com");
    default:
      return parameter.kind satisfies never;
  }
}

/** The upstream's query string, from the canonical call alone: with a leading `?`, or empty. */
export function upstreamSearch({ params }: Call): string {
  if (params.length === 0) return "";
  return `?${params.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}`;
}

/** The call as path and query, `/userid/?username=tiktok`. */
export function pathOf(call: Call): string {
  return `${call.endpoint.path}${upstreamSearch(call)}`;
}

/** Handles are ASCII and have no case; clients write them with and without the `@`. */
function handle(text: string): Canonical {
  const name = text.startsWith("@") ? text.slice(1) : text;
  return HANDLE.test(name)
    ? value(name.toLowerCase())
    : malformed("must be a username of letters, digits, dots and underscores");
}

/** The upstream wants the name without `#`. Whether it minds the case is unknown, so the case is kept. */
function hashtag(text: string): Canonical {
  const name = text.startsWith("#") ? text.slice(1) : text;
  return name === "" || name.startsWith("#") ? malformed("must name a hashtag") : bounded(name, TEXT_LIMIT);
}

/** A count above the upstream's cap goes through: the cap is the upstream's to apply and may move. */
function count(text: string): Canonical {
  const digits = COUNT.exec(text)?.[1];
  return digits === undefined ? malformed("must be a whole number from 1 to 999999999") : value(digits);
}

function unixTime(text: string): Canonical {
  if (!UNIX_TIME.test(text)) return malformed("must be a Unix time in digits");
  const digits = text.replace(LEADING_ZEROS, "");
  return digits === "0" ? ABSENT : value(digits);
}

/** The first choice is what the upstream takes for an absent one. */
function choice(choices: readonly string[], text: string): Canonical {
  if (!choices.includes(text)) return malformed(`must be one of ${choices.join(", ")}`);
  return text === choices[0] ? ABSENT : value(text);
}

function url(read: (text: string) => string | undefined, text: string, reason: string): Canonical {
  const canonical = text.length <= URL_LIMIT ? read(text) : undefined;
  return canonical === undefined ? malformed(reason) : value(canonical);
}

/** Text whose meaning is the upstream's business: kept character for character. */
function bounded(text: string, limit: number): Canonical {
  if (text.length > limit) return malformed(`must have at most ${limit} characters`);
  return CONTROL.test(text) ? malformed("must have no control characters") : value(text);
}

function value(value: string): Canonical {
  return { kind: "value", value };
}

function malformed(reason: string): Canonical {
  return { kind: "malformed", reason };
}
