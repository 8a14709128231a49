import type { Standing } from "./accounts.ts";
import type { Reply } from "./reply.ts";

/** Two stories are told of the upstream's errors: that they come with status 200, and that they come with a 4xx. */
export type ErrorStyle = "observed" | "documented";

/** The two bodies that the key is to blame for are known word for word; those about balance and suspension are not. */
const ACCOUNT_MESSAGES = {
  "no-key": "Please sign up to tikliveapi.com",
  "unknown-key": "Api-Key is not available",
  exhausted: "Your balance is not enough, please top up your balance",
  suspended: "Your account is suspended",
} as const satisfies Record<Exclude<Standing["kind"], "good">, string>;

/** The account's error: `message` alone. */
export function accountError(kind: keyof typeof ACCOUNT_MESSAGES, style: ErrorStyle): Reply {
  return { status: style === "observed" ? 200 : 401, body: JSON.stringify({ message: ACCOUNT_MESSAGES[kind] }) };
}

/** The entity's error: `status` and `message`. */
export function entityError(noun: string, style: ErrorStyle): Reply {
  return { status: style === "observed" ? 200 : 404, body: statusError(`Not found ${noun}`) };
}

/** A parameter that is missing or makes no sense. How the upstream says so is not known. */
export function parameterError(parameter: string): Reply {
  return { status: 400, body: statusError(`Invalid parameter ${parameter}`) };
}

export function tooManyRequests(retryAfterSeconds: number): Reply {
  const headers = { "Retry-After": String(retryAfterSeconds) };
  return { status: 429, body: JSON.stringify({ message: "Too many requests" }), headers };
}

export const UNKNOWN_PATH: Reply = { status: 404, body: JSON.stringify({ message: "Not Found" }) };

export const METHOD_NOT_ALLOWED: Reply = {
  status: 405,
  body: JSON.stringify({ message: "Method Not Allowed" }),
  headers: { Allow: "GET, HEAD" },
};

function statusError(message: string): string {
  return JSON.stringify({ status: "error", message });
}
