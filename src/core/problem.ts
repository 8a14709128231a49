import { rateLimitFields, secondsUntil } from "./http-fields.ts";
import type { InvalidParameter } from "./parameters.ts";
import type { RateDecision } from "./ports.ts";
import { Problem, type Described } from "./problem-details.ts";
import type { Tenant } from "./tenant.ts";

export { Problem, toProblemBody } from "./problem-details.ts";

/** Types of this registry come from the IETF's RateLimit draft, section 6. */
const REGISTRY = "https://iana.org/assignments/http-problem-types";

/** A fault of ours is over in seconds, as a rule; an upstream account waits for its operator. */
const SOON = { retryAfterSeconds: 2 };
const LATER = { retryAfterSeconds: 60 };

type Rest = Omit<Described, "type" | "status" | "title">;
type Refused = Extract<RateDecision, { kind: "refused" }>;

/** Every problem there is. A text here is public: it names what is wrong, and nothing that is somebody's secret. */
export const problems = {
  unknownEndpoint: (path: string, meant?: string) =>
    problem(404, "unknown-endpoint", "Unknown endpoint", {
      detail: `There is no endpoint ${path.slice(0, 100)}${meant === undefined ? "" : `; there is one at ${meant}`}.`,
    }),
  invalidParameters: (invalid: readonly InvalidParameter[]) =>
    problem(400, "invalid-parameters", "Invalid parameters", {
      detail: "Nothing was sent or charged. The parameters named are unknown, repeated, missing or malformed.",
      members: { invalid_parameters: invalid },
    }),
  uriTooLong: (limit: number) =>
    problem(414, "uri-too-long", "URL too long", { detail: `A URL has at most ${limit} characters.` }),
  methodNotAllowed: (allow: string) =>
    problem(405, "method-not-allowed", "Method not allowed", { detail: `Allowed: ${allow}.`, headers: { allow } }),
  /** One text for every kind of wrong key, so that nobody learns which part of a guess was right. */
  unauthorized: () =>
    problem(401, "unauthorized", "No valid API key", {
      detail: "Send one valid API key, once, as X-Api-Key or as Authorization: Bearer.",
      headers: { "www-authenticate": 'Bearer realm="tikedge"' },
    }),
  forbidden: (detail: string) => problem(403, "forbidden", "Not permitted", { detail }),
  tenantSuspended: () =>
    problem(403, "tenant-suspended", "Tenant suspended", {
      detail: "This tenant is suspended. Its keys work again when the operator lifts that.",
    }),
  rateExceeded: (decision: Refused, burst: Tenant["burst"], nowMs: number) =>
    quotaExceeded("burst", {
      detail: "This tenant's burst allowance is used up.",
      headers: rateLimitFields(decision, burst, nowMs),
      retryAfterSeconds: Math.max(1, secondsUntil(decision.resetAtMs, nowMs)),
    }),
  tooManyUnidentified: () =>
    quotaExceeded("unidentified", {
      detail: "Too many requests without a valid key came from this address.",
      ...LATER,
    }),
  identityUnavailable: () =>
    problem(503, "identity-unavailable", "Keys cannot be checked", {
      detail: "This key could not be checked just now. Nothing was charged.",
      ...SOON,
    }),
  cachesUnavailable: () =>
    reducedCapacity("The shared cache does not answer, so this may be paid for already. Nothing was charged."),
  ledgerUnavailable: () =>
    reducedCapacity("The ledger does not answer, so no credit can be reserved. Nothing was charged."),
  upstreamAccount: () =>
    problem(503, "upstream-account", "Upstream account refused", {
      detail: "The upstream refused the account that pays for this request. The operator has to act.",
      ...LATER,
    }),
  upstreamKeyUnavailable: () =>
    problem(503, "upstream-key-unavailable", "No upstream key", {
      detail: "There is no usable upstream key for this tenant. Nothing was sent or charged.",
      ...LATER,
    }),
  upstreamTimeout: () => upstreamFailed(504, "upstream-timeout", "did not answer in time"),
  upstreamUnreachable: () => upstreamFailed(502, "upstream-unreachable", "could not be reached"),
  upstreamMalformed: () => upstreamFailed(502, "upstream-malformed", "sent no complete JSON"),
  upstreamRedirected: () => upstreamFailed(502, "upstream-redirected", "answered with a redirect"),
  upstreamOversized: () => upstreamFailed(502, "upstream-oversized", "sent more than is taken"),
  internal: () =>
    problem(500, "internal", "Internal error", {
      detail: "Something broke on our side. The request id finds it in our log.",
    }),
} as const;

function problem(status: number, slug: string, title: string, rest: Rest): Problem {
  return new Problem({ type: `https://tikedge.dev/problems/${slug}`, status, title, ...rest });
}

function quotaExceeded(policy: string, rest: Rest): Problem {
  const members = { "violated-policies": [policy] };
  return new Problem({ type: `${REGISTRY}#quota-exceeded`, status: 429, title: "Quota exceeded", members, ...rest });
}

function reducedCapacity(detail: string): Problem {
  const type = `${REGISTRY}#temporary-reduced-capacity`;
  return new Problem({ type, status: 503, title: "Temporarily reduced capacity", detail, ...SOON });
}

/** What these failures cost is in doubt, so the text claims no more. */
function upstreamFailed(status: number, slug: string, what: string): Problem {
  const detail = `The upstream ${what}. Whether it took the credit is in doubt; it was not charged.`;
  return problem(status, slug, `The upstream ${what}`, { detail, ...SOON });
}
