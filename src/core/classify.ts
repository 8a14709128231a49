import type { Endpoint } from "./catalogue.ts";
import type { Outcome } from "./charge.ts";
import type { UpstreamReply } from "./ports.ts";

/** What a reply is, and its body read once for everybody: `text` is null when the bytes are no UTF-8, `json` undefined when they are no JSON. */
export type Classified = { readonly outcome: Outcome; readonly text: string | null; readonly json: unknown };

type Json = Readonly<Record<string, unknown>>;

/** What may stand around an answer or an error, and is neither by itself. */
const FIGURES: ReadonlySet<string> = new Set(["status", "code", "credits", "balance"]);

/**
 * Says how a dispatch ended. The upstream answers most of its errors with status 200 and documents them with 4xx; both are understood. Only
 * the top level of a body counts, never a substring: a comment has a `status`, and a title may hold any word.
 */
export function classify(endpoint: Endpoint, reply: UpstreamReply): Classified {
  if (reply.kind === "failed") return { outcome: reply.reason, text: null, json: undefined };
  const text = decoded(reply.body);
  const json = parsed(text);
  return { outcome: outcomeOf(endpoint, reply.status, json), text, json };
}

/** A byte order mark is kept, so that text and bytes map one to one; JSON has none (RFC 8259, section 8.1), so such a body is malformed. */
function decoded(body: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}

function parsed(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function outcomeOf(endpoint: Endpoint, status: number, json: unknown): Outcome {
  if (status >= 600) return "malformed";
  if (status === 200) return isObject(json) ? outcomeOf200(endpoint, json) : "malformed";
  if (status < 300) return "malformed";
  if (status < 400) return "redirect";
  if (status === 401 || status === 402 || status === 403) return "account_error";
  if (status === 400) return isMessageAlone(json) ? "account_error" : "client_error";
  if (status === 404) return outcomeOf404(json);
  if (status === 429) return "rate_limited";
  if (status < 500) return "client_error";
  return status >= 520 && status < 530 ? "origin_unreachable" : "server_error";
}

/** A 404 without the status of the known envelope comes from something in front of the upstream, which knows paths and nothing of what exists. */
function outcomeOf404(json: unknown): Outcome {
  return isObject(json) && json["status"] === "error" ? outcomeOfError(json) : "client_error";
}

/**
 * Only what is known to be an answer is a success, and only the known envelope is a not-found, for both are kept and shared. Whatever else
 * comes is hollow: passed on, for it may be an answer of a new shape, and never kept, for it may be an error.
 */
function outcomeOf200(endpoint: Endpoint, json: Json): Outcome {
  if (json["status"] === "error") return outcomeOfError(json);
  if (endpoint.answerKeys.some((key) => !isNothing(json[key]))) return "success";
  if (isAccountError(endpoint, json)) return "account_error";
  if (complains(json)) return "hollow";
  if (isEmptyList(endpoint, json)) return "empty";
  return endpoint.answerKeys.length === 0 && holdsAnything(json) ? "success" : "hollow";
}

/** An error with a message and more beside it may be about the account, which a tenant must not read of a key that it shares. */
function outcomeOfError(json: Json): Outcome {
  if (isEntityError(json)) return "not_found";
  return typeof json["message"] === "string" ? "unclear_error" : "hollow";
}

/** `status` and `message`, and beside them nothing: with a code or a balance it may be about the account, which is not to be kept. */
function isEntityError({ message, ...rest }: Json): boolean {
  return (
    typeof message === "string" && Object.entries(rest).every(([key, value]) => key === "status" || isNothing(value))
  );
}

/**
 * A bad key, no key, or no balance: a message where an answer should be. Of the one about the balance neither wording nor shape is known,
 * so any company will do where an answer would be recognised; where it would not be, figures must be all there is beside it. When in doubt it is the account's, since a tenant must not read of the balance of a key that it shares.
 */
function isAccountError({ answerKeys }: Endpoint, { message, ...rest }: Json): boolean {
  if (typeof message !== "string") return false;
  if (answerKeys.length > 0) return !answerKeys.some((key) => Object.hasOwn(rest, key));
  return Object.entries(rest).every(([key, value]) => FIGURES.has(key) && typeof value === "number");
}

function isMessageAlone(json: unknown): boolean {
  return isObject(json) && typeof json["message"] === "string" && Object.keys(json).length === 1;
}

/** Something is said, as a text, an object or a flag: even an empty list is not believed beside it. A number is a code, and 0 may be good. */
function complains({ message, msg, error }: Json): boolean {
  return [message, msg, error].some((said) => said !== false && typeof said !== "number" && !isNothing(said));
}

/** For a shape that nobody knows. */
function holdsAnything(json: Json): boolean {
  return Object.entries(json).some(([key, value]) => !FIGURES.has(key) && !isNothing(value));
}

/** The upstream writes null where a client expects a value, so a list may be null too. */
function isEmptyList({ itemsKey }: Endpoint, json: Json): boolean {
  return itemsKey !== undefined && Object.hasOwn(json, itemsKey) && isNothing(json[itemsKey]);
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Arrays too: PHP writes an object without keys as `[]`. */
function isObject(json: unknown): json is Json {
  return typeof json === "object" && json !== null;
}
