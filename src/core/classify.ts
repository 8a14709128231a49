import type { Endpoint } from "./catalogue.ts";
import type { Outcome } from "./outcome.ts";
import type { UpstreamReply } from "./ports.ts";

/** What a reply is, and its body read once for everybody: `text` is null when the bytes are no UTF-8, `json` undefined when they are no JSON. */
export type Classified = { readonly outcome: Outcome; readonly text: string | null; readonly json: unknown };

type Json = Readonly<Record<string, unknown>>;

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
  if (status === 200) return isObject(json) ? outcomeOfAnswer(endpoint, json) : "malformed";
  if (status < 300) return "malformed";
  if (status < 400) return "redirect";
  if (status === 401 || status === 402 || status === 403) return "account_error";
  if (status === 404) return outcomeOf404(json);
  if (status === 429) return "rate_limited";
  if (status < 500) return "client_error";
  return status >= 520 && status < 530 ? "origin_unreachable" : "server_error";
}

/** A 404 that is no JSON comes from something in front of the upstream, which knows nothing of what exists. */
function outcomeOf404(json: unknown): Outcome {
  return isObject(json) ? "not_found" : "client_error";
}

function outcomeOfAnswer(endpoint: Endpoint, json: Json): Outcome {
  if (isAccountError(json)) return "account_error";
  if (json["status"] === "error" && typeof json["message"] === "string") return "not_found";
  if (isEmptyList(endpoint, json)) return "empty";
  return isHollow(endpoint, json) ? "hollow" : "success";
}

/** `{"message": string}` and nothing else: a bad key, no key, or no balance. */
function isAccountError(json: Json): boolean {
  return typeof json["message"] === "string" && Object.keys(json).length === 1;
}

/** The upstream writes null where a client expects a value, so a list may be null too. */
function isEmptyList({ itemsKey }: Endpoint, json: Json): boolean {
  if (itemsKey === undefined || !Object.hasOwn(json, itemsKey)) return false;
  return isNothing(json[itemsKey]);
}

/**
 * An answer that says nothing: no key at all or no value in any, a download without a link, a post without id and play count. It is paid
 * for and served, but keeping it would keep a failure.
 */
function isHollow({ windows }: Endpoint, json: Json): boolean {
  const values = Object.values(json);
  if (windows === "download") return !values.some((value) => typeof value === "string" && value !== "");
  if (windows === "post-detail") return isNothing(json["id"]) && isNothing(json["play_count"]);
  return values.every(isNothing);
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Arrays too: PHP writes an object without keys as `[]`. */
function isObject(json: unknown): json is Json {
  return typeof json === "object" && json !== null;
}
